"""Server of the Search-R1 interface over any retriever."""
