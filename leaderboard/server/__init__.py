"""HTTP server: deadlines and caps for connections, open files, launch."""
