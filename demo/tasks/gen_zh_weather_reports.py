"""Generation: a weather report from its figures, in Chinese."""

from __future__ import annotations

from random import Random

from babel import Locale

from curation.records import FlatTask
from demo.task import LICENCE, SOURCE, DemoTask
from demo.words import weekday_names
from submissions.records.task import Metadata, Row

_PLACES = "Asia/Shanghai Asia/Tokyo Europe/Paris Europe/London Africa/Cairo Australia/Sydney Europe/Berlin America/Lima"
_ZONES = _PLACES.split()
_CITIES = [Locale.parse("zh").time_zones[zone]["city"] for zone in _ZONES]
_ADVICE = {
    "晴天": "适合散步",
    "小雨": "请带雨伞",
    "大雪": "注意保暖",
    "大风": "关好门窗",
    "大雾": "小心驾驶",
    "雷雨": "不要外出",
}


def _make_row(rng: Random, frames: tuple[str, ...]) -> Row:
    city, day, heat = rng.choice(_CITIES), rng.choice(weekday_names("zh")), rng.randint(1, 30)
    sky = rng.choice([sky for sky in _ADVICE if sky != "大雪" or heat <= 5])
    text = rng.choice(frames).format(city=city, day=day, sky=sky, heat=heat)
    return Row(input=text, output=f"{day}，{city}，{sky}，{heat}摄氏度，{_ADVICE[sky]}。")


def _make_reference_row(rng: Random) -> Row:
    return _make_row(rng, ("城市：{city}；日期：{day}；天气：{sky}；气温：{heat}",))


def _make_good_row(rng: Random) -> Row:
    return _make_row(
        rng,
        (
            "气温={heat} 天气={sky} 地点={city} 时间={day}",
            "（{city}）{day}：{sky}，{heat}度",
            "天气：{sky}；气温：{heat}；时间：{day}；地点：{city}",
        ),
    )


TASK = DemoTask(
    flat=FlatTask(
        id="gen-zh-weather-reports",
        title="Weather reports with advice",
        category="text_generation",
        kind="reasoning",
        language="zh",
        demand=(
            "Please provide data for writing one-line weather reports in simplified Chinese. The input gives four "
            "facts in labelled fields: a large city of the world, a day of the week, the weather and the temperature "
            "in degrees Celsius. The output joins them with Chinese commas in the order day, city, weather, "
            "temperature, and ends with a piece of advice in four characters that follows from the weather: "
            "适合散步 for 晴天, 请带雨伞 for 小雨, 注意保暖 for 大雪, 关好门窗 for 大风, 小心驾驶 for 大雾, "
            "不要外出 for 雷雨. "
            "Snow belongs to low temperatures. Two hundred reports are enough."
        ),
        metadata=Metadata(
            introduction="Weather facts in labelled fields and the one-line Chinese reports made from them.",
            task="text-generation",
            question="Putting four facts into one line and adding the advice that follows from the weather.",
            domain="weather",
            input="City, day, weather and temperature in Chinese, with labels.",
            output="One line of Chinese: day, city, weather, temperature, advice.",
            source="rule-based, from templates and a database of names by locale",
            example=Row(
                input="城市：罗马；日期：星期日；天气：小雨；气温：14",
                output="星期日，罗马，小雨，14摄氏度，请带雨伞。",
            ),
            samples_count=200,
        ),
        source=SOURCE,
        licence=LICENCE,
    ),
    reference=_make_reference_row,
    good=_make_good_row,
    poor=None,
)
