"""Phrases of many languages that name an option, deny one, name two, or name none. {m} is a mark, {t} a text."""

from __future__ import annotations

from dataclasses import dataclass

LATIN = ("A", "B", "C", "D")


@dataclass(frozen=True)
class Tongue:
    """How a language answers. Each phrase is one answer; alternatives are parted by `|` in the table."""

    cities: tuple[str, ...]
    """Texts of the four options."""
    naming: tuple[str, ...]
    """Say that {m} is the answer."""
    small: tuple[str, ...]
    """Say so, with a word for `answer` before the mark, so that a small letter is clear too."""
    texts: tuple[str, ...]
    """Say that {t} is the answer."""
    denying: tuple[str, ...]
    """Say that {m} is not the answer."""
    doubting: tuple[str, ...]
    """Say {m} or {n}."""
    refusing: tuple[str, ...]
    """Name no option."""
    marks: tuple[str, ...] = ()
    """Marks of the language's own script."""


def _tongue(
    cities: str, naming: str, small: str, texts: str, denying: str, doubting: str, refusing: str, marks: str = ""
) -> Tongue:
    parts = (
        tuple(part.strip() for part in each.split("|"))
        for each in (cities, naming, small, texts, denying, doubting, refusing)
    )
    return Tongue(*parts, marks=tuple(marks.split()))


TONGUES = {
    "en": _tongue(
        "London|Paris|Rome|Berlin",
        "{m} is correct|The answer is {m} because it is the capital|I would choose {m}|{m} seems right|"
        "Option {m} is the right one|{m} must be the answer|It's {m}.|"
        "The correct choice is {m}, as everyone knows",
        "The answer is {m}|answer: {m}|The correct option is ({m}).|I choose option {m}",
        "The capital is {t}.|I think it is {t}|The answer is {t} because it is the capital",
        "{m} is wrong|{m} isn't right|The answer is not {m}|It is not {m}.|{m} is not correct",
        "{m} or {n}|It is either {m} or {n}|The answer is {m} or {n}",
        "I do not know|I cannot answer this question.|A hard question|None of these",
    ),
    "de": _tongue(
        "London|Paris|Rom|Berlin",
        "{m} ist richtig|Antwort {m} ist richtig|Die richtige Antwort ist {m}, weil es stimmt|{m} stimmt|"
        "Ich wähle {m}|Es ist {m}.|Die Lösung lautet {m}",
        "Die Antwort ist {m}|Antwort: {m}|Richtig ist Antwort {m}.",
        "Die Hauptstadt ist {t}.|Es ist {t}",
        "{m} ist falsch|Die Antwort ist nicht {m}|{m} ist nicht richtig",
        "{m} oder {n}|Entweder {m} oder {n}",
        "Das weiß ich nicht|Keine Ahnung",
    ),
    "es": _tongue(
        "Londres|París|Roma|Berlín",
        "{m} es correcta|La respuesta es {m} porque es la capital|La opción {m} es la correcta|"
        "Creo que es {m}.|Elijo {m}|{m} es la respuesta correcta",
        "La respuesta es {m}|Respuesta: {m}|La respuesta correcta es la {m}.|la opción correcta es {m})",
        "La capital es {t}.|Es {t}",
        "{m} no es correcta|La respuesta no es {m}|{m} es incorrecta",
        "{m} o {n}|La respuesta es {m} o {n}",
        "No lo sé|A mi juicio no hay respuesta",
    ),
    "fr": _tongue(
        "Londres|Paris|Rome|Berlin",
        "{m} est la bonne réponse|La réponse est {m} car elle est juste|La bonne réponse est {m}|"
        "Je choisis {m}|{m} est correct|C'est {m}.",
        "La réponse est {m}|Réponse : {m}|La réponse correcte est la {m}.",
        "La capitale est {t}.|C'est {t}",
        "{m} n'est pas correct|La réponse n'est pas {m}|{m} est faux",
        "{m} ou {n}|La réponse est {m} ou {n}",
        "Je ne sais pas|A mon avis, on ne peut pas répondre",
    ),
    "it": _tongue(
        "Londra|Parigi|Roma|Berlino",
        "{m} è corretta|La risposta è {m} perché è la capitale|La risposta corretta è la {m}|Scelgo {m}|"
        "{m} è la risposta giusta",
        "La risposta è {m}|Risposta: {m}|L'opzione corretta è {m}.",
        "La capitale è {t}.|È {t}",
        "{m} non è corretta|La risposta non è {m}|{m} è sbagliata",
        "{m} o {n}|La risposta è {m} oppure {n}",
        "Non lo so|A mio parere nessuna",
    ),
    "pt": _tongue(
        "Londres|Paris|Roma|Berlim",
        "{m} é a correta|A resposta é {m} porque é a capital|A alternativa correta é a {m}|Escolho {m}|"
        "{m} está correta|Letra {m}",
        "A resposta é {m}|Resposta: {m}|A resposta correta é a letra {m}.",
        "A capital é {t}.|É {t}",
        "{m} não é correta|A resposta não é {m}|{m} está errada",
        "{m} ou {n}|A resposta é {m} ou {n}",
        "Não sei|A pergunta é difícil",
    ),
    "nl": _tongue(
        "Londen|Parijs|Rome|Berlijn",
        "{m} is juist|Het antwoord is {m} omdat het de hoofdstad is|Antwoord {m} is goed|Ik kies {m}|"
        "Het juiste antwoord is {m}",
        "Het antwoord is {m}|Antwoord: {m}|Het juiste antwoord is {m}.",
        "De hoofdstad is {t}.|Het is {t}",
        "{m} is fout|Het antwoord is niet {m}|{m} is niet juist",
        "{m} of {n}|Het antwoord is {m} of {n}",
        "Ik weet het niet|Geen idee",
    ),
    "pl": _tongue(
        "Londyn|Paryż|Rzym|Berlin",
        "{m} jest poprawna|Odpowiedź {m} jest poprawna|Poprawna odpowiedź to {m}, ponieważ tak jest|"
        "Wybieram {m}|Prawidłowa odpowiedź: {m}",
        "Odpowiedź to {m}|Odpowiedź: {m}|Poprawna odpowiedź to {m}.",
        "Stolicą jest {t}.|To {t}",
        "{m} nie jest poprawna|Odpowiedź to nie {m}|{m} jest błędna",
        "{m} lub {n}|Odpowiedź to {m} albo {n}",
        "Nie wiem|Trudne pytanie",
    ),
    "cs": _tongue(
        "Londýn|Paříž|Řím|Berlín",
        "{m} je správně|Správná odpověď je {m}, protože to tak je|Odpověď {m} je správná|Volím {m}|Správně je {m}",
        "Odpověď je {m}|Odpověď: {m}|Správná odpověď je {m}.",
        "Hlavní město je {t}.|Je to {t}",
        "{m} je špatně|Odpověď není {m}|{m} není správně",
        "{m} nebo {n}|Odpověď je {m} nebo {n}",
        "Nevím|A to je těžká otázka",
    ),
    "sv": _tongue(
        "London|Paris|Rom|Berlin",
        "{m} är rätt|Svaret är {m} eftersom det är huvudstaden|Rätt svar är {m}|Jag väljer {m}|"
        "Alternativ {m} är korrekt",
        "Svaret är {m}|Svar: {m}|Rätt svar är {m}.",
        "Huvudstaden är {t}.|Det är {t}",
        "{m} är fel|Svaret är inte {m}|{m} är inte rätt",
        "{m} eller {n}|Svaret är {m} eller {n}",
        "Jag vet inte|Ingen aning",
    ),
    "no": _tongue(
        "London|Paris|Roma|Berlin",
        "{m} er riktig|Svaret er {m} fordi det er hovedstaden|Riktig svar er {m}|Jeg velger {m}|"
        "Alternativ {m} er riktig",
        "Svaret er {m}|Svar: {m}|Riktig svar er {m}.",
        "Hovedstaden er {t}.|Det er {t}",
        "{m} er feil|Svaret er ikke {m}|{m} er ikke riktig",
        "{m} eller {n}|Svaret er {m} eller {n}",
        "Jeg vet ikke|Det er vanskelig å si",
    ),
    "da": _tongue(
        "London|Paris|Rom|Berlin",
        "{m} er rigtigt|Svaret er {m} fordi det er hovedstaden|Det rigtige svar er {m}|Jeg vælger {m}|"
        "Svar {m} er korrekt",
        "Svaret er {m}|Svar: {m}|Det rigtige svar er {m}.",
        "Hovedstaden er {t}.|Det er {t}",
        "{m} er forkert|Svaret er ikke {m}|{m} er ikke rigtigt",
        "{m} eller {n}|Svaret er {m} eller {n}",
        "Det ved jeg ikke|Ingen idé",
    ),
    "fi": _tongue(
        "Lontoo|Pariisi|Rooma|Berliini",
        "{m} on oikein|Oikea vastaus on {m}, koska se on pääkaupunki|Vastaus on {m}|Valitsen {m}|"
        "Vaihtoehto {m} on oikea",
        "Vastaus on {m}|Vastaus: {m}|Oikea vastaus on {m}.",
        "Pääkaupunki on {t}.|Se on {t}",
        "{m} on väärin|Vastaus ei ole {m}|{m} ei ole oikein",
        "{m} tai {n}|Vastaus on {m} tai {n}",
        "En tiedä|Vaikea kysymys",
    ),
    "tr": _tongue(
        "Londra|Paris|Roma|Berlin",
        "{m} doğru|Doğru cevap {m} çünkü başkenttir|Cevap {m}'dır|Doğru yanıt {m} şıkkıdır|"
        "{m} seçeneği doğrudur|Cevabım {m}",
        "Cevap {m}|Cevap: {m}|Doğru cevap {m}.",
        "Başkent {t}.|Bence {t}|Başkent {t}'dir",
        "{m} yanlış|Cevap {m} değil|{m} doğru değil",
        "{m} veya {n}|Cevap {m} ya da {n}",
        "Bilmiyorum|Hiçbir fikrim yok",
    ),
    "az": _tongue(
        "London|Paris|Roma|Berlin",
        "{m} doğrudur|Doğru cavab {m}, çünki paytaxtdır|Cavab {m}|{m} variantı doğrudur",
        "Cavab {m}|Cavab: {m}|Doğru cavab {m}.",
        "Paytaxt {t}.|Cavab {t}",
        "{m} yanlışdır|Cavab {m} deyil",
        "{m} və ya {n}|Cavab ya {m}, ya da {n}",
        "Bilmirəm|Çətin sualdır",
    ),
    "id": _tongue(
        "London|Paris|Roma|Berlin",
        "{m} adalah jawaban yang benar|Jawaban yang benar adalah {m} karena itu ibu kota|"
        "Jawabannya adalah {m}|Saya memilih {m}|Pilihan {m} benar",
        "Jawabannya {m}|Jawaban: {m}|Jawaban yang benar adalah {m}.",
        "Ibu kotanya adalah {t}.|Jawabannya {t}",
        "{m} salah|Jawabannya bukan {m}|{m} tidak benar",
        "{m} atau {n}|Jawabannya {m} atau {n}",
        "Saya tidak tahu|Pertanyaan sulit",
    ),
    "ms": _tongue(
        "London|Paris|Rom|Berlin",
        "{m} adalah jawapan yang betul|Jawapan yang betul ialah {m} kerana ia ibu negara|"
        "Jawapannya ialah {m}|Saya pilih {m}",
        "Jawapannya {m}|Jawapan: {m}|Jawapan yang betul ialah {m}.",
        "Ibu negaranya ialah {t}.|Jawapannya {t}",
        "{m} salah|Jawapannya bukan {m}|{m} tidak betul",
        "{m} atau {n}|Jawapannya {m} atau {n}",
        "Saya tidak tahu|Soalan yang sukar",
    ),
    "vi": _tongue(
        "Luân Đôn|Pa-ri|Rô-ma|Béc-lin",
        "{m} là đáp án đúng|Đáp án {m} là đúng|Đáp án đúng là {m} vì nó là thủ đô|Tôi chọn {m}|"
        "Câu trả lời là {m}|{m} mới đúng|Chọn {m}",
        "Đáp án là {m}|Đáp án: {m}|Câu trả lời đúng là {m}.",
        "Thủ đô là {t}.|Đó là {t}",
        "{m} là sai|Đáp án không phải là {m}|{m} không đúng",
        "{m} hoặc {n}|Đáp án là {m} hay {n}",
        "Tôi không biết|Câu hỏi khó",
    ),
    "tl": _tongue(
        "Londres|Paris|Roma|Berlin",
        "{m} ang tamang sagot|Ang sagot ay {m} dahil ito ang kabisera|Ang tamang sagot ay {m}",
        "Ang sagot ay {m}|Sagot: {m}",
        "Ang kabisera ay {t}.",
        "Hindi {m} ang sagot|{m} ay mali",
        "{m} o {n}|Ang sagot ay {m} o {n}",
        "Hindi ko alam",
    ),
    "sw": _tongue(
        "London|Paris|Roma|Berlin",
        "{m} ni jibu sahihi|Jibu ni {m} kwa sababu ni mji mkuu|Jibu sahihi ni {m}|Nachagua {m}",
        "Jibu ni {m}|Jibu: {m}|Jibu sahihi ni {m}.",
        "Mji mkuu ni {t}.|Ni {t}",
        "Jibu si {m}|{m} si sahihi",
        "{m} au {n}|Jibu ni {m} au {n}",
        "Sijui|Swali gumu",
    ),
    "ro": _tongue(
        "Londra|Paris|Roma|Berlin",
        "{m} este corect|Răspunsul este {m} deoarece este capitala|Răspunsul corect este {m}|Aleg {m}|"
        "Varianta {m} este corectă",
        "Răspunsul este {m}|Răspuns: {m}|Varianta corectă este {m}.",
        "Capitala este {t}.|Este {t}",
        "{m} nu este corect|Răspunsul nu este {m}|{m} este greșit",
        "{m} sau {n}|Răspunsul este {m} sau {n}",
        "Nu știu|A fost o întrebare grea",
    ),
    "hu": _tongue(
        "London|Párizs|Róma|Berlin",
        "A helyes válasz {m}|A válasz: {m}, mert ez a főváros|A megoldás a {m}|"
        "A helyes válasz a {m}|A {m} válasz helyes",
        "A válasz {m}|Válasz: {m}|A helyes válasz {m}.",
        "A főváros {t}.|Ez {t}",
        "A válasz nem {m}|{m} nem helyes",
        "{m} vagy {n}|A válasz {m} vagy {n}",
        "Nem tudom|A kérdés nehéz",
    ),
    "hr": _tongue(
        "London|Pariz|Rim|Berlin",
        "{m} je točno|Odgovor je {m} jer je to glavni grad|Točan odgovor je {m}|Biram {m}",
        "Odgovor je {m}|Odgovor: {m}|Točan odgovor je {m}.",
        "Glavni grad je {t}.|To je {t}",
        "{m} nije točno|Odgovor nije {m}|{m} je netočno",
        "{m} ili {n}|Odgovor je {m} ili {n}",
        "Ne znam|A to je teško pitanje",
    ),
    "ru": _tongue(
        "Лондон|Париж|Рим|Берлин",
        "{m} — правильный ответ|Правильный ответ {m}, потому что это столица|Правильный ответ: {m}|"
        "Я выбираю {m}|Вариант {m} верен|{m} верно",
        "Ответ: {m}|Правильный ответ — {m}.|Правильный ответ: {m})|Вариант {m}",
        "Столица — {t}.|Это {t}",
        "{m} неверно|Ответ не {m}|{m} — неправильный ответ",
        "{m} или {n}|Ответ: {m} или {n}",
        "Не знаю|Это трудный вопрос",
        "А Б В Г",
    ),
    "uk": _tongue(
        "Лондон|Париж|Рим|Берлін",
        "{m} — правильна відповідь|Правильна відповідь {m}, тому що це столиця|Правильна відповідь: {m}|Я обираю {m}",
        "Відповідь: {m}|Правильна відповідь — {m}.",
        "Столиця — {t}.|Це {t}",
        "{m} неправильно|Відповідь не {m}",
        "{m} або {n}|Відповідь: {m} чи {n}",
        "Не знаю|Це складне питання",
        "А Б В Г",
    ),
    "bg": _tongue(
        "Лондон|Париж|Рим|Берлин",
        "{m} е верният отговор|Верният отговор е {m}, защото е столица|Отговорът е {m}|Избирам {m}",
        "Отговор: {m}|Правилният отговор е {m}.",
        "Столицата е {t}.|Това е {t}",
        "{m} е грешно|Отговорът не е {m}",
        "{m} или {n}|Отговорът е {m} или {n}",
        "Не знам|Това е труден въпрос",
        "А Б В Г",
    ),
    "el": _tongue(
        "Λονδίνο|Παρίσι|Ρώμη|Βερολίνο",
        "Η σωστή απάντηση είναι η {m}|Η απάντηση είναι {m} επειδή είναι η πρωτεύουσα|Σωστό είναι το {m}|"
        "Επιλέγω {m}|{m} είναι σωστό",
        "Η απάντηση είναι {m}|Απάντηση: {m}|Η σωστή απάντηση είναι το {m}.",
        "Η πρωτεύουσα είναι {t}.|Είναι {t}",
        "{m} είναι λάθος|Η απάντηση δεν είναι {m}",
        "{m} ή {n}|Η απάντηση είναι {m} ή {n}",
        "Δεν ξέρω|Δύσκολη ερώτηση",
        "Α Β Γ Δ",
    ),
    "he": _tongue(
        "לונדון|פריז|רומא|ברלין",
        "התשובה היא {m}|{m} היא התשובה הנכונה|התשובה הנכונה היא {m} כי זו הבירה|אני בוחר {m}|אפשרות {m}",
        "התשובה: {m}|תשובה {m}.",
        "הבירה היא {t}.|זה {t}",
        "התשובה אינה {m}|לא {m}",
        "{m} או {n}|התשובה היא {m} או {n}",
        "אני לא יודע|שאלה קשה",
        "א ב ג ד",
    ),
    "ar": _tongue(
        "لندن|باريس|روما|برلين",
        "الإجابة هي {m}|الإجابة الصحيحة هي {m} لأنها العاصمة|الجواب {m}|الخيار {m} صحيح|"
        "{m} هي الإجابة الصحيحة|أختار {m}",
        "الإجابة: {m}|الجواب الصحيح هو {m}.",
        "العاصمة هي {t}.|إنها {t}",
        "الإجابة ليست {m}|{m} غير صحيحة|{m} خاطئة",
        "{m} أو {n}|الإجابة هي {m} أو {n}",
        "لا أعرف|سؤال صعب",
        "أ ب ج د",
    ),
    "fa": _tongue(
        "لندن|پاریس|رم|برلین",
        "پاسخ {m} است|گزینه {m} درست است|پاسخ درست {m} است زیرا پایتخت است|جواب {m}",
        "پاسخ: {m}|گزینه {m}",
        "پایتخت {t} است.|جواب {t}",
        "پاسخ {m} نیست|{m} نادرست است",
        "{m} یا {n}|پاسخ {m} یا {n} است",
        "نمی‌دانم|سؤال سختی است",
        "الف ب ج د",
    ),
    "ur": _tongue(
        "لندن|پیرس|روم|برلن",
        "جواب {m} ہے|درست جواب {m} ہے کیونکہ یہ دارالحکومت ہے|آپشن {m} درست ہے",
        "جواب: {m}|درست جواب {m}",
        "دارالحکومت {t} ہے۔|جواب {t} ہے",
        "جواب {m} نہیں ہے|{m} غلط ہے",
        "{m} یا {n}|جواب {m} یا {n} ہے",
        "مجھے معلوم نہیں|مشکل سوال",
        "الف ب ج د",
    ),
    "hi": _tongue(
        "लंदन|पेरिस|रोम|बर्लिन",
        "उत्तर {m} है|सही उत्तर {m} है क्योंकि यह राजधानी है|विकल्प {m} सही है|{m} सही है|किताब के अनुसार उत्तर {m} है",
        "उत्तर: {m}|सही विकल्प {m}",
        "राजधानी {t} है।|उत्तर {t} है",
        "उत्तर {m} नहीं है|{m} गलत है",
        "{m} या {n}|उत्तर {m} या {n} है",
        "मुझे नहीं पता|कठिन प्रश्न|किताब देखिए",
        "क ख ग घ",
    ),
    "bn": _tongue(
        "লন্ডন|প্যারিস|রোম|বার্লিন",
        "উত্তর {m}|সঠিক উত্তর {m} কারণ এটি রাজধানী|বিকল্প {m} সঠিক|{m} সঠিক",
        "উত্তর: {m}|সঠিক উত্তর {m}।",
        "রাজধানী {t}।|উত্তর {t}",
        "উত্তর {m} নয়|{m} ভুল",
        "{m} বা {n}|উত্তর {m} অথবা {n}",
        "আমি জানি না|কঠিন প্রশ্ন",
        "ক খ গ ঘ",
    ),
    "ta": _tongue(
        "லண்டன்|பாரிஸ்|ரோம்|பெர்லின்",
        "விடை {m}|சரியான விடை {m}|பதில் {m} ஆகும்|{m} சரி",
        "விடை: {m}|சரியான பதில் {m}.",
        "தலைநகரம் {t}.|விடை {t}",
        "விடை {m} அல்ல|{m} தவறு",
        "{m} அல்லது {n}|விடை {m} அல்லது {n}",
        "எனக்குத் தெரியாது",
        "அ ஆ இ ஈ",
    ),
    "te": _tongue(
        "లండన్|పారిస్|రోమ్|బెర్లిన్",
        "సమాధానం {m}|సరైన సమాధానం {m}|{m} సరైనది",
        "సమాధానం: {m}|సరైన జవాబు {m}.",
        "రాజధాని {t}.|సమాధానం {t}",
        "సమాధానం {m} కాదు|{m} తప్పు",
        "{m} లేదా {n}|సమాధానం {m} లేదా {n}",
        "నాకు తెలియదు",
        "అ ఆ ఇ ఈ",
    ),
    "th": _tongue(
        "ลอนดอน|ปารีส|โรม|เบอร์ลิน",
        "คำตอบคือ {m}|ตอบข้อ {m}|ข้อ {m} ถูกต้อง|คำตอบที่ถูกต้องคือข้อ {m} เพราะเป็นเมืองหลวง|คำตอบคือ{m}|เลือก {m}|ตอบ {m}",
        "คำตอบ: {m}|ข้อ {m}.",
        "เมืองหลวงคือ{t}|คำตอบคือ {t}",
        "คำตอบไม่ใช่ {m}|ข้อ {m} ผิด",
        "{m} หรือ {n}|คำตอบคือ {m} หรือ {n}",
        "ไม่ทราบ|คำถามยาก",
        "ก ข ค ง",
    ),
    "lo": _tongue(
        "ລອນດອນ|ປາຣີ|ໂຣມ|ເບີລິນ",
        "ຄຳຕອບແມ່ນ {m}|ຄຳຕອບຄື {m}|ຕອບຂໍ້ {m}|ຂໍ້ {m} ຖືກຕ້ອງ",
        "ຄຳຕອບ: {m}",
        "ຄຳຕອບແມ່ນ {t}|ນະຄອນຫຼວງແມ່ນ{t}",
        "ຄຳຕອບບໍ່ແມ່ນ {m}|ຂໍ້ {m} ຜິດ",
        "{m} ຫຼື {n}",
        "ບໍ່ຮູ້",
        "ກ ຂ ຄ ງ",
    ),
    "km": _tongue(
        "ឡុងដ៍|ប៉ារីស|រ៉ូម|ប៊ែរឡាំង",
        "ចម្លើយគឺ {m}|ចម្លើយត្រឹមត្រូវគឺ {m}|ជម្រើស {m} ត្រឹមត្រូវ",
        "ចម្លើយ: {m}",
        "ចម្លើយគឺ {t}|រាជធានីគឺ {t}",
        "ចម្លើយមិនមែន {m} ទេ|{m} ខុស",
        "{m} ឬ {n}",
        "ខ្ញុំមិនដឹងទេ",
        "ក ខ គ ឃ",
    ),
    "my": _tongue(
        "လန်ဒန်|ပါရီ|ရောမ|ဘာလင်",
        "အဖြေမှာ {m} ဖြစ်သည်|အဖြေ {m}|အဖြေမှန်မှာ {m} ဖြစ်သည်",
        "အဖြေ: {m}",
        "အဖြေမှာ {t} ဖြစ်သည်|မြို့တော်မှာ {t} ဖြစ်သည်",
        "အဖြေမှာ {m} မဟုတ်ပါ|{m} မှား",
        "{m} သို့မဟုတ် {n}",
        "မသိပါ",
        "က ခ ဂ ဃ",
    ),
    "zh": _tongue(
        "伦敦|巴黎|罗马|柏林",
        "答案是{m}|选{m}。|正确答案是{m}，因为它是首都|{m}是正确的|我选择{m}|应选{m}项|{m}正确|答案选{m}",
        "答案：{m}|答案是 {m}。",
        "首都是{t}。|答案是{t}",
        "答案不是{m}|{m}是错的|{m}不正确",
        "{m}或{n}|{m}和{n}都对|答案是{m}或{n}|{m}还是{n}",
        "我不知道|这个问题很难",
        "甲 乙 丙 丁",
    ),
    "zh-Hant": _tongue(
        "倫敦|巴黎|羅馬|柏林",
        "答案是{m}|選{m}。|正確答案是{m}，因為它是首都|{m}是正確的|我選擇{m}",
        "答案：{m}|答案是 {m}。",
        "首都是{t}。|答案是{t}",
        "答案不是{m}|{m}是錯的|{m}不正確",
        "{m}或{n}|答案是{m}或{n}",
        "我不知道|這個問題很難",
        "甲 乙 丙 丁",
    ),
    "ja": _tongue(
        "ロンドン|パリ|ローマ|ベルリン",
        "答えは{m}です|正解は{m}です。|{m}が正しいです|正解は{m}|答えは{m}だと思います|{m}です",
        "答え：{m}|正解: {m}",
        "首都は{t}です。|答えは{t}です",
        "答えは{m}ではない|{m}は間違いです|{m}ではありません",
        "{m}または{n}|{m}か{n}です",
        "わかりません|難しい問題です",
        "ア イ ウ エ",
    ),
    "ko": _tongue(
        "런던|파리|로마|베를린",
        "정답은 {m}입니다|{m}입니다|{m}이 맞습니다|정답은 {m}|답은 {m}번입니다|{m}가 정답입니다|저는 {m}를 선택합니다|"
        "정답: {m}, 왜냐하면 수도이기 때문입니다",
        "정답: {m}|답은 {m}.",
        "수도는 {t}입니다.|정답은 {t}입니다",
        "정답은 {m}가 아닙니다|{m}는 틀렸습니다",
        "{m} 또는 {n}|{m}이나 {n}",
        "모르겠습니다|어려운 문제입니다",
        "가 나 다 라",
    ),
    "ka": _tongue(
        "ლონდონი|პარიზი|რომი|ბერლინი",
        "პასუხი არის {m}|სწორი პასუხია {m}|{m} სწორია",
        "პასუხი: {m}",
        "დედაქალაქი არის {t}.|პასუხი არის {t}",
        "პასუხი არ არის {m}|{m} არასწორია",
        "{m} ან {n}",
        "არ ვიცი",
        "ა ბ გ დ",
    ),
}
"""Languages by their tags."""
