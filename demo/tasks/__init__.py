"""The demo's tasks, in the benchmark's order."""

from demo.tasks import (
    cls_en_language_of_places,
    cls_ru_seasons,
    gen_zh_weather_reports,
    mc_en_kinds_of_names,
    mt_en_ar_opening_days,
    qa_en_currencies,
    qa_fr_appointments,
    sum_de_notices,
)

TASKS = (
    mc_en_kinds_of_names.TASK,
    cls_en_language_of_places.TASK,
    cls_ru_seasons.TASK,
    qa_en_currencies.TASK,
    qa_fr_appointments.TASK,
    sum_de_notices.TASK,
    mt_en_ar_opening_days.TASK,
    gen_zh_weather_reports.TASK,
)
