"""Model screen: delivered rows that a model finds to be a test row rephrased or translated. For organisers only.

`screen_delivery.py` runs it over a delivery, `task_screen.py` on a task; `candidates.py` proposes pairs by vectors
(`nearest_rows.py`) of a model (`text_embedder.py`) or of letters (`letter_vectors.py`); `pair_judge.py` asks a chat
model about them; `pair_findings.py` has the records, `report_file.py` the private file, `open_models.py` the clients.
No stage of an evaluation imports it: it removes no row, flags no entry, changes no score, and no protocol names it.
"""
