"""HTTP layer: routes, middleware, caches, uploads and sign-in."""
