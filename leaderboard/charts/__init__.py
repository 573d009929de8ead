"""Charts as SVG and Plotly figures."""
