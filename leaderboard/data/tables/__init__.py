"""Tables as data frames, from which the page and its .csv, .json and .parquet downloads are made."""
