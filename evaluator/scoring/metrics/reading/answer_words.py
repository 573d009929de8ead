"""Words that announce an option, by language: answer, option, choose, correct. `*` ends a stem."""

from __future__ import annotations

ANSWER_WORDS: dict[str, str] = {
    "en": "answer* | option* choice* choose* chose* pick* select* letter number correct* right solution* response "
    "label* category class sentiment verdict",
    "de": "antwort* | option* lösung* wahl* wähle* buchstabe* richtig* korrekt* möglichkeit* kategorie klasse",
    "es": "respuesta* | opción opcion* alternativa* inciso letra* correct* elijo elegir* elección solución "
    "etiqueta categoría",
    "fr": "réponse* reponse* | option* choix choisi* lettre* correct* exact* bonne solution* proposition "
    "étiquette catégorie",
    "it": "rispost* | opzion* scelt* scelg* letter* corrett* giust* esatt* soluzion* alternativ* etichetta categoria",
    "pt": "respost* | opção opcao alternativ* letra* corret* certa escolh* gabarito solução item rótulo categoria",
    "nl": "antwoord* | optie* keuze* kies* letter juist* goed* correct* oplossing",
    "ca": "respost* | opció alternativ* correct* lletra* trio solució",
    "gl": "respost* | opción alternativ* correct* letra* escoll* solución",
    "ro": "răspuns* raspuns* | variant* opțiun* optiun* corect* aleg* litera soluți*",
    "pl": "odpowied* | opcj* wybór wybier* wariant* litera poprawn* prawidłow* etykiet*",
    "cs": "odpověď odpověd* | možnost* volb* vybír* varianta správn* písmeno",
    "sk": "odpoveď odpoved* | možnos* voľb* variant* správn* písmeno",
    "hr": "odgovor* | opcij* izbor* točan točn* tačan tačn* ispravn* slovo",
    "sr": "одговор* | опциј* избор* тачан тачн* odgovor* opcij* tačan tačn*",
    "sl": "odgovor* | možnost* izbir* pravil*",
    "hu": "válasz* | megoldás* helyes* opció* lehetőség* betű*",
    "sv": "svar* | alternativ* rätt* korrekt* väljer val bokstav*",
    "da": "svar* | mulighed* valgmulighed* rigtig* korrekt* vælger",
    "no": "svar* | alternativ* riktig* rett korrekt* velger",
    "is": "svar* | kostur* rétt*",
    "fi": "vastau* | vaihtoeh* oikea* oikei* valits* valinta",
    "et": "vastus* | õige* valik* variant*",
    "lv": "atbild* | pareiz* variant*",
    "lt": "atsakym* | teising* variant* pasirinkim*",
    "tr": "cevap* cevab* yanıt* | seçen* seçim* şık* doğru*",
    "az": "cavab* | variant* seçim* doğru* düzgün*",
    "uz": "javob* | variant* to'g'ri",
    "id": "jawab* jawap* | pilih* opsi* benar* tepat* huruf*",
    "ms": "jawab* jawap* | pilih* opsyen* betul* tepat*",
    "tl": "sagot* | opsyon* pinipili* tama* titik",
    "fil": "sagot* | opsyon* pinipili* tama* titik",
    "sw": "jibu* | chaguo* sahihi chagua* herufi",
    "vi": "đáp | lời chọn câu phương lựa đúng",
    "af": "antwoord* | opsie* keuse* korrek* regte",
    "eu": "erantzun* | aukera* zuzen*",
    "cy": "ateb* | dewis* cywir",
    "ga": "freagra* | rogha* ceart",
    "sq": "përgjigj* | opsion* saktë*",
    "eo": "respond* | opci* ĝust*",
    "ru": "ответ* | вариант* выбира* выбор* правильн* верен верн* пункт* буква",
    "uk": "відповід* | варіант* вибира* вибір* обира* правильн* вірн* літера",
    "be": "адказ* | варыянт* правільн*",
    "bg": "отговор* | вариант* избира* избор* вярн* верен верн* правил* буква",
    "mk": "одговор* | опциј* точен точн*",
    "kk": "жауап* жауаб* | нұсқа* дұрыс*",
    "ky": "жооп* жооб* | вариант* туура*",
    "mn": "хариулт* | сонголт* зөв*",
    "el": "απάντησ* απαντ* | επιλογ* επιλέγ* σωστ* λύσ* γράμμα",
    "hy": "պատասխան* | տարբերակ* ճիշտ*",
    "ka": "პასუხ* | ვარიანტ* სწორ*",
    "he": "תשובה התשובה תשובת | אפשרות האפשרות הנכונה נכונה בוחר",
    "ar": "إجابة الإجابة إجابتي اجابة الاجابة جواب الجواب جوابي | خيار الخيار اختيار الاختيار أختار اختار "
    "الصحيح الصحيحة صحيح صحيحة رقم حرف الحرف",
    "fa": "پاسخ* جواب* | گزینه* گزینهٔ درست* صحیح* انتخاب* شماره*",
    "ur": "جواب* | آپشن* اختیار* درست صحیح انتخاب* نمبر",
    "ps": "ځواب* | سم",
    "hi": "उत्तर* | विकल्प* जवाब* सही चुन* नंबर",
    "mr": "उत्तर* | पर्याय* बरोबर योग्य",
    "ne": "उत्तर* | विकल्प* जवाफ* सही",
    "bn": "উত্তর* | বিকল্প* জবাব* সঠিক* অপশন* নম্বর",
    "gu": "જવાબ* ઉત્તર* | વિકલ્પ* સાચો સાચી",
    "pa": "ਜਵਾਬ* ਉੱਤਰ* | ਵਿਕਲਪ* ਸਹੀ",
    "ta": "விடை* பதில்* | விருப்ப* சரியான* தெரிவு*",
    "te": "సమాధాన* జవాబు* | ఎంపిక* ఐచ్ఛిక* సరైన*",
    "kn": "ಉತ್ತರ* | ಆಯ್ಕೆ* ಸರಿ*",
    "ml": "ഉത്തര* | ഓപ്ഷൻ* ശരി*",
    "si": "පිළිතුර* | නිවැරදි* තේරීම",
    "am": "መልስ* መልሱ | ምርጫ* ትክክለኛ*",
    "ko": "정답* 답* | 선택* 보기* 선지* 옵션* 번호*",
    "th": "คำตอบ ตอบ | ข้อ ตัวเลือก เลือก ถูก",
    "lo": "ຄຳຕອບ ຕອບ | ຂໍ້ ເລືອກ ຖືກ",
    "km": "ចម្លើយ | ជម្រើស ត្រឹមត្រូវ",
    "my": "အဖြေ | ရွေးချယ် မှန်",
    "zh": "答案 答 | 选 選 正确 正確 项 項",
    "ja": "答 正解 回答 解答 | 選択 選 正しい",
}
"""Words for an answer, then `|`, then other words that come before an option."""

LINKS: dict[str, str] = {
    "en": "is are was be go with choose pick select as",
    "de": "ist sind lautet wäre wähle nehme heißt",
    "es": "es son sería elijo la el",
    "fr": "est sont serait choisis",
    "it": "è sono sarebbe scelgo",
    "pt": "é são seria escolho",
    "nl": "is zijn luidt kies",
    "ca": "és trio",
    "ro": "este e sunt aleg",
    "pl": "to jest brzmi wybieram",
    "cs": "je zní volím",
    "sk": "je znie volím",
    "hr": "je glasi biram",
    "sr": "је гласи je",
    "sl": "je izberem",
    "hu": "az",
    "sv": "är blir väljer",
    "da": "er vælger",
    "no": "er velger",
    "is": "er",
    "fi": "on",
    "et": "on",
    "lv": "ir",
    "lt": "yra",
    "id": "adalah ialah yaitu yakni pilih",
    "ms": "adalah ialah pilih",
    "tl": "ay ang",
    "fil": "ay ang",
    "sw": "ni",
    "vi": "là chọn án câu",
    "af": "is",
    "sq": "është",
    "el": "είναι",
    "mk": "е",
    "bg": "е",
    "ru": "это",
    "uk": "це",
    "hi": "है",
    "he": "היא הוא",
    "ar": "هي هو",
    "ka": "არის",
}
"""Words directly before an option: `is`, `choose`. Articles between them are skipped."""

NAMED_BY_LETTER = (
    "vitamin* vitamín* vitamiini* витамин* βιταμίνη फिटामिन hepatitis hepatiti* hépatite hepatite* гепатит* "
    "type typ typu tipo tipe tipi "
    "tip тип* τύπου group* gruppe grupo gruppo groupe grupp* групп* influenza grippe gripe gan cúm vi-ta-min "
    "loại nhóm "
    "figure table section appendix chapter grade protein planet plan"
)
"""Nouns whose letter is part of a name, as in `vitamin A` and `hepatitis B`."""

BEFORE_UNSPACED = (
    "答案 答 选 選 选择 選擇 选项 選項 是 为 為 应选 選ぶ 选的是 认为 認為 就是 项 項 第 ： は 選択肢 正解 答え が "
    "คำตอบ คือ ตอบ ข้อ เลือก เป็น ตัวเลือก ຄຳຕອບ ແມ່ນ ຄື ຂໍ້ ຕອບ ເລືອກ ចម្លើយ គឺ ជា ជម្រើស ข้อที่ အဖြေ အဖြေမှာ မှာ "
    "정답은 답은 정답 "
    "或 还是 還是 和 与 與 及 または 又は か と หรือ และ ຫຼື ແລະ ឬ និង သို့မဟုတ် နှင့် 또는"
).split()
"""Words after which a mark may follow without a blank."""

AFTER_UNSPACED = (
    "是 为 為 都 均 皆 项 項 选项 選項 正确 正確 对 對 最 符合 才 不 错 錯 和 或 与 与 及 跟 因为 因為 也 "
    "です だ である が は を と も の方 番 か ではな じゃな でな または や 、 "
    "입니다 이다 가 는 은 이 를 을 번 로 라고 예요 이에요 임 다 와 과 나 이나 또는 도 "
    "ถูก เป็น คือ ครับ ค่ะ เพราะ และ หรือ ไม่ ผิด ແມ່ນ ຖືກ ເພາະ ຫຼື ແລະ ຜິດ ត្រឹមត្រូវ ជា ឬ និង ព្រោះ ខុស "
    "ဖြစ် သည် မှန် နှင့် သို့မဟုတ် မှား"
).split()
"""Words that may follow a mark without a blank."""
