"""Page of one submission: status, result, costs and owner actions."""
