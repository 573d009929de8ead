"""Made-up rows in ten languages: an instruction and words drawn by chance, as in tasks whose rows share a template."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from submissions.records.task import Row


@dataclass(frozen=True)
class Language:
    """What rows are made of."""

    instruction: str
    words: tuple[str, ...]
    labels: tuple[str, str]
    blank: str = " "

    def row(self, chance: Random, length: int = 20) -> Row:
        """A row of so many words, with a label."""
        return self.told(chance.choices(self.words, k=length), chance.choice(self.labels))

    def told(self, words: list[str], output: str) -> Row:
        """A row with these words."""
        return Row(input=f"{self.instruction}\n\n{self.blank.join(words)}.", output=output)


def _language(instruction: str, words: str, labels: str, blank: str = " ") -> Language:
    first, second = labels.split("/")
    return Language(instruction, tuple(words.split()), (first, second), blank)


LANGUAGES = {
    "en": _language(
        "Read the following remark of a customer and say whether it is praise or blame. Answer with one word only.",
        "waiter soup quickly garden cold always window friendly price nobody evening terrace bread honest "
        "music crowded corner slowly birthday kitchen reserved summer perfect apology dessert station "
        "children noisy lemon mirror weekend portion salad remember delicious umbrella carpet breakfast "
        "neighbour ticket",
        "praise/blame",
    ),
    "de": _language(
        "Lies die folgende Bemerkung eines Gastes und sage, ob sie Lob oder Tadel ist. Antworte nur mit einem Wort.",
        "Kellner Suppe schnell Garten kalt immer Fenster freundlich Preis niemand Abend Terrasse Brot ehrlich "
        "Musik überfüllt Ecke langsam Geburtstag Küche bestellt Sommer vollkommen Entschuldigung Nachtisch "
        "Bahnhof Kinder laut Zitrone Spiegel Wochenende Portion Salat erinnern köstlich Regenschirm Teppich "
        "Frühstück Nachbar Fahrkarte",
        "Lob/Tadel",
    ),
    "ru": _language(
        "Прочитайте отзыв посетителя и скажите, похвала это или упрёк. Ответьте одним словом.",
        "официант суп быстро сад холодный всегда окно приветливый цена никто вечер терраса хлеб честный "
        "музыка людно угол медленно праздник кухня заказан лето отлично извинение десерт вокзал дети шумно "
        "лимон зеркало выходные порция салат помнить вкусно зонтик ковёр завтрак сосед билет",
        "похвала/упрёк",
    ),
    "ar": _language(
        "اقرأ ملاحظة الزبون التالية وقل هل هي مدح أم ذم. أجب بكلمة واحدة.",
        "النادل الحساء بسرعة الحديقة بارد دائما النافذة ودود السعر مساء الشرفة الخبز صادق الموسيقى مزدحم "
        "الزاوية ببطء المطبخ محجوز الصيف ممتاز اعتذار الحلوى المحطة الأطفال صاخب الليمون المرآة العطلة الحصة "
        "السلطة يتذكر لذيذ المظلة السجادة الفطور الجار التذكرة الهدية الطريق",
        "مدح/ذم",
    ),
    "hi": _language(
        "ग्राहक की यह टिप्पणी पढ़िए और बताइए कि यह प्रशंसा है या शिकायत। एक शब्द में उत्तर दीजिए।",
        "बैरा शोरबा जल्दी बगीचा ठंडा हमेशा खिड़की मिलनसार दाम कोई शाम छज्जा रोटी ईमानदार संगीत भीड़ कोना धीरे "
        "जन्मदिन रसोई आरक्षित गर्मी उत्तम माफ़ी मिठाई स्टेशन बच्चे शोर नींबू दर्पण छुट्टी हिस्सा सलाद याद स्वादिष्ट छाता "
        "कालीन नाश्ता पड़ोसी टिकट",
        "प्रशंसा/शिकायत",
    ),
    "vi": _language(
        "Đọc nhận xét sau của khách và cho biết đó là lời khen hay lời chê. Chỉ trả lời bằng một từ.",
        "phục nhanh vườn lạnh luôn cửa thân giá chẳng chiều hiên bánh thật nhạc đông góc chậm sinh bếp trước "
        "mùa tuyệt lỗi tráng trạm trẻ ồn chanh gương cuối phần rau nhớ ngon dù thảm sáng hàng vé quà",
        "khen/chê",
    ),
    "ko": _language(
        "다음 손님의 말을 읽고 칭찬인지 불만인지 한 단어로 답하세요.",
        "종업원 국물 빠르게 정원 차가운 언제나 창문 친절한 가격 아무도 저녁 테라스 식빵 정직한 음악 붐비는 "
        "구석 천천히 생일 부엌 예약된 여름 완벽한 사과 후식 정거장 아이들 시끄러운 레몬 거울 주말 일인분 "
        "샐러드 기억 맛있는 우산 양탄자 아침밥 이웃 승차권",
        "칭찬/불만",
    ),
    "zh": _language(
        "阅读下面顾客的评论，判断是表扬还是批评。只回答一个词。",
        "服务 热汤 迅速 花园 冰冷 总是 窗户 友好 价格 无人 傍晚 露台 面包 诚实 音乐 拥挤 角落 缓慢 生日 厨房 "
        "预订 夏天 完美 道歉 甜点 车站 孩子 吵闹 柠檬 镜子 周末 份量 沙拉 记得 美味 雨伞 地毯 早餐 邻居 门票",
        "表扬/批评",
        "",
    ),
    "ja": _language(
        "次の客の感想を読み、ほめ言葉か苦情かを一語で答えてください。",
        "店員 スープ すばやく 庭園 つめたい いつも 窓辺 親切な 値段 だれも 夕方 テラス 食パン 正直な 音楽 "
        "混雑した 片隅 ゆっくり 誕生日 台所 予約した 夏休み 完璧な おわび デザート 駅前 子ども さわがしい "
        "レモン 鏡台 週末 一人前 サラダ おぼえる おいしい 雨傘 じゅうたん 朝食 隣人 切符",
        "ほめ言葉/苦情",
        "",
    ),
    "th": _language(
        "อ่านความเห็นของลูกค้าต่อไปนี้แล้วบอกว่าเป็นคำชมหรือคำติ ตอบเพียงคำเดียว",
        "บริกร น้ำซุป รวดเร็ว สวน เย็นชืด เสมอ หน้าต่าง เป็นมิตร ราคา ไม่มีใคร ตอนเย็น ระเบียง ขนมปัง ซื่อสัตย์ "
        "ดนตรี แออัด มุมห้อง เชื่องช้า วันเกิด ห้องครัว จองไว้ ฤดูร้อน สมบูรณ์ ขอโทษ ของหวาน สถานี เด็กๆ เสียงดัง "
        "มะนาว กระจก วันหยุด จานใหญ่ สลัด จดจำ อร่อย ร่ม พรม อาหารเช้า เพื่อนบ้าน ตั๋ว",
        "คำชม/คำติ",
        "",
    ),
}
