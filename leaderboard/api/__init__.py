"""API for programs: Gradio end points, MCP tools and the OpenAPI document."""
