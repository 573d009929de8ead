"""The web app: pages, tables, charts, the submit form, downloads, the API. Reads `submissions`, never `evaluator`."""
