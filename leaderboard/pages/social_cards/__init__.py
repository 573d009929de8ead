"""Preview images for shared links."""
