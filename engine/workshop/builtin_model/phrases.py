"""What refusals, empty talk, foreign text and leftovers of templates are put together from.

All of it is the project's own. The demo has its own phrases, on purpose: a model that is measured
on the demo must not have seen them.
"""

from __future__ import annotations

REFUSAL_OPENINGS = (
    "I'm sorry, but I can't assist with that request.",
    "I am sorry, but I am unable to {do}.",
    "As an AI language model, I cannot {do}.",
    "As an AI, I don't have the ability to {do}.",
    "I'm just an AI and I am not able to {do}.",
    "I cannot {do}.",
    "I can't {do}, sorry.",
    "Unfortunately, I'm not able to {do}.",
    "I apologize, but I cannot {do}.",
    "It is not possible for me to {do}.",
    "I'm afraid I cannot complete this task.",
    "I won't be able to {do}.",
    "I must respectfully decline to {do}.",
    "My apologies, however I cannot fulfill this request.",
    "Sorry, this is outside of what I can do.",
    "I do not feel comfortable answering this.",
    "I'm unable to answer this question.",
    "This is not something that I am able to {do}.",
    "No answer can be given.",
    "I don't know.",
    "I have no answer to that.",
    "I have no opinion on {topic}.",
    "I do not have enough information to {do}.",
    "I can not comment on {topic}.",
)
REFUSAL_DOING = (
    "help with that", "answer this question", "generate this content", "write about {topic}",
    "provide information about {topic}", "respond to questions about {topic}", "do this",
    "complete this task", "create what you asked for", "give advice of this kind", "discuss {topic}",
    "carry out this instruction", "produce such a text", "access what would be needed for this",
)  # fmt: skip
REFUSAL_REASONS = (
    "My purpose is to be helpful and harmless, and this request goes against my guidelines.",
    "I do not have personal experiences, feelings or opinions.",
    "I don't have access to real-time data, the internet or external files.",
    "The request may contain content that is sensitive or inappropriate.",
    "It would not be ethical or responsible for me to do so.",
    "Doing this could potentially be harmful or misleading.",
    "I am only a computer program and lack the capabilities that this would take.",
    "There is not enough context to give a meaningful response.",
    "It is important to respect privacy and intellectual property.",
    "My training does not cover this subject.",
    "Content like this violates my usage policy.",
    "As a language model, I can only process text and cannot perform real actions.",
    "I was told not to engage with topics like {topic}.",
)
REFUSAL_CLOSINGS = (
    "Is there something else I can help you with?",
    "Please let me know if you have any other questions.",
    "If you have another request, I would be happy to assist.",
    "I suggest that you ask a qualified professional.",
    "Please provide more details.",
    "Please try a different question.",
    "I hope you understand.",
    "I recommend consulting a reliable source on {topic} instead.",
    "Can I be of help in any other way?",
)

EMPTY_OPENINGS = (
    "That is a great question!", "Thank you for your question.", "Sure, I'd be happy to help with that!",
    "What an interesting topic.", "This is a really important subject.", "Certainly!", "Of course!",
    "Good question.", "Absolutely, let's talk about {topic}.", "When it comes to {topic}, there is a lot to say.",
    "Many people wonder about {topic}.", "{topic} is a fascinating area.", "Here is what you asked for.",
    "Let me think about {topic} for a moment.", "I appreciate you asking about this.",
)  # fmt: skip
EMPTY_MIDDLES = (
    "There are many different aspects to consider here.",
    "It depends on a variety of factors, and every situation is different.",
    "Some people see it one way, while others see it differently.",
    "It is always important to keep the bigger picture in mind.",
    "In today's fast-paced world, this matters more than ever.",
    "There are both advantages and disadvantages, and it is essential to weigh them carefully.",
    "The key is to find the right balance that works for you.",
    "As with most things in life, there is no simple answer.",
    "It can mean different things to different people.",
    "A thoughtful approach will usually lead to a better outcome.",
    "This is a complex matter that has been discussed for a long time.",
    "It is worth taking the time to look at it from several angles.",
    "Ultimately, it comes down to your own needs and goals.",
    "Experts have written a great deal about this.",
    "Various methods exist, each with its own strengths.",
    "Understanding {topic} can be very rewarding.",
    "The importance of {topic} can hardly be overstated.",
    "People have very different opinions about {topic}.",
    "There is always something new to learn about {topic}.",
    "With the right mindset, anything is possible.",
    "One should never underestimate the value of doing things properly.",
    "It plays a significant role in many areas of our lives.",
    "Quality, communication and attention to detail are essential.",
    "Things like this should be handled in an appropriate way.",
    "By following best practices you can achieve the best possible results.",
    "This has a number of benefits and can be used in many ways.",
    "It is a good idea to do some research before making a decision.",
    "I will do my best to give you a complete and useful answer.",
    "The possibilities are truly endless.",
    "Everyone has to decide for themselves what is best.",
)
EMPTY_CLOSINGS = (
    "I hope this helps!", "Let me know if you have any further questions.",
    "Feel free to ask if you need anything else.", "In conclusion, it really depends.",
    "All in all, it is a matter of perspective.", "Good luck!", "I hope that answers your question about {topic}.",
    "Overall, it is something that deserves careful thought.", "Stay curious and keep learning!",
)  # fmt: skip

FOREIGN = {
    "German": (
        "Das ist eine Frage, die sich nicht in einem Satz beantworten lässt.",
        "Zuerst sollte man sich einen Überblick verschaffen und dann die nächsten Schritte planen.",
        "In den meisten Fällen reicht es aus, die Anweisungen genau zu befolgen.",
        "Viele Menschen wissen nicht, dass es dafür eine einfache Lösung gibt.",
        "Am Ende des Tages waren alle zufrieden und gingen nach Hause.",
        "Der wichtigste Unterschied besteht darin, dass die zweite Methode mehr Zeit braucht.",
        "Wir haben das Wasser gekocht, die Nudeln hinzugefügt und zehn Minuten gewartet.",
        "Die Stadt liegt an einem Fluss und hat etwa dreißigtausend Einwohner.",
        "Wenn Sie möchten, können Sie auch eine andere Farbe wählen.",
        "Außerdem hilft regelmäßige Bewegung, gesund zu bleiben und besser zu schlafen.",
        "Es war einmal ein kleiner Junge, der nicht schlafen wollte.",
        "Die Ergebnisse zeigen, dass der Preis im letzten Jahr gestiegen ist.",
    ),
    "French": (
        "C'est une question à laquelle il n'est pas facile de répondre.",
        "Il faut d'abord préparer les ingrédients, puis les mélanger dans un grand bol.",
        "La plupart des gens pensent que cette méthode est la meilleure.",
        "Le premier avantage est la rapidité, le deuxième est le prix.",
        "Nous avons marché longtemps dans la forêt avant de trouver la maison.",
        "Les résultats de l'année dernière étaient meilleurs que prévu.",
        "Vous pouvez aussi demander de l'aide à un ami ou à un collègue.",
        "Elle a ouvert la fenêtre et regardé les oiseaux dans le jardin.",
        "Cette ville est connue pour ses musées et ses petites rues.",
        "Pour rester en bonne santé, il est conseillé de boire beaucoup d'eau.",
        "Voici quelques exemples qui montrent comment cela fonctionne.",
        "Il était une fois un roi qui n'avait pas de couronne.",
    ),
    "Spanish": (
        "Es una pregunta que no tiene una respuesta sencilla.",
        "Primero hay que leer las instrucciones y después empezar con el trabajo.",
        "La mayoría de las personas prefiere hacerlo por la mañana.",
        "El río pasa por el centro de la ciudad y llega hasta el mar.",
        "Los niños jugaron en el parque hasta que empezó a llover.",
        "También puedes cambiar el color si no te gusta el primero.",
        "Según los datos del último año, el precio ha subido un poco.",
        "Para cocinar bien el arroz se necesita el doble de agua.",
        "Ella escribió una carta muy larga a su hermana mayor.",
        "Lo más importante es dormir bien y comer con calma.",
        "Había una vez un pueblo donde nadie sabía cantar.",
        "Estos son algunos de los ejemplos más conocidos.",
    ),
    "Italian": (
        "Non è facile rispondere a questa domanda in poche parole.",
        "Prima di tutto bisogna preparare la tavola e aprire le finestre.",
        "La maggior parte delle persone non conosce questo metodo.",
        "Il treno parte alle otto e arriva in città verso mezzogiorno.",
        "Mia sorella ha comprato una casa vicino al mare.",
        "Secondo me la soluzione migliore è quella più semplice.",
        "Si può anche usare un altro colore, se quello non piace.",
        "I risultati sono stati migliori di quanto pensassimo.",
        "C'era una volta una volpe che non voleva correre.",
        "Per dormire bene è meglio spegnere il telefono.",
    ),
    "Portuguese": (
        "Esta é uma pergunta que não tem uma resposta simples.",
        "Em primeiro lugar, você precisa escolher o material certo.",
        "A maioria das pessoas acha que isso não é possível.",
        "O menino correu até a praia para ver os barcos.",
        "Os preços subiram muito durante o ano passado.",
        "Também é possível fazer isso de uma maneira mais rápida.",
        "Ela não sabia onde estavam as chaves da casa.",
        "Para uma vida saudável, é bom caminhar todos os dias.",
        "Depois do jantar, ninguém quis falar sobre o assunto.",
        "Aqui estão alguns exemplos que podem ajudar.",
    ),
    "Dutch": (
        "Dat is een vraag waar geen eenvoudig antwoord op bestaat.",
        "Eerst moet je de handleiding lezen en daarna kun je beginnen.",
        "De meeste mensen weten niet hoe dit werkt.",
        "Het meisje liep met haar hond door het bos naar huis.",
        "Volgens de cijfers is de prijs het afgelopen jaar gestegen.",
        "Je kunt ook een andere kleur kiezen als je dat mooier vindt.",
        "Er was eens een koning die niet kon lachen.",
        "Voor een goede nachtrust is het beter om geen koffie te drinken.",
        "Hier zijn enkele voorbeelden die kunnen helpen.",
    ),
    "Swedish": (
        "Det är en fråga som inte har något enkelt svar.",
        "Först måste man läsa instruktionerna och sedan kan man börja.",
        "De flesta människor tycker om att vara ute på sommaren.",
        "Pojken sprang ner till sjön för att se på båtarna.",
        "Enligt siffrorna har priset ökat under det senaste året.",
        "Man kan också välja en annan färg om man vill.",
        "Det var en gång en gammal kvinna som bodde i skogen.",
    ),
    "Polish": (
        "To jest pytanie, na które nie ma prostej odpowiedzi.",
        "Najpierw trzeba przeczytać instrukcję, a potem można zacząć.",
        "Większość ludzi nie wie, jak to działa.",
        "Chłopiec pobiegł nad rzekę, żeby zobaczyć łódki.",
        "Ceny wzrosły w ciągu ostatniego roku.",
        "Można też wybrać inny kolor, jeśli ten się nie podoba.",
        "Dawno temu żył król, który nie umiał się śmiać.",
    ),
    "Turkish": (
        "Bu soruya tek bir cümleyle cevap vermek kolay değil.",
        "Önce talimatları okumalı, sonra işe başlamalısınız.",
        "İnsanların çoğu bunun nasıl çalıştığını bilmiyor.",
        "Çocuk tekneleri görmek için göle koştu.",
        "Geçen yıl fiyatlar çok arttı.",
        "İsterseniz başka bir renk de seçebilirsiniz.",
    ),
    "Russian": (
        "На этот вопрос нет простого ответа.",
        "Сначала нужно прочитать инструкцию, а потом можно начинать.",
        "Большинство людей не знает, как это работает.",
        "Мальчик побежал к реке посмотреть на лодки.",
        "За последний год цены сильно выросли.",
        "Жил-был старик, который не умел смеяться.",
        "Вы также можете выбрать другой цвет.",
        "Вот несколько примеров, которые могут помочь.",
    ),
    "Greek": (
        "Δεν υπάρχει απλή απάντηση σε αυτή την ερώτηση.",
        "Πρώτα πρέπει να διαβάσετε τις οδηγίες.",
        "Οι περισσότεροι άνθρωποι δεν ξέρουν πώς λειτουργεί.",
        "Το παιδί έτρεξε στη θάλασσα για να δει τα πλοία.",
    ),
    "Chinese": (
        "这个问题没有简单的答案。", "首先需要阅读说明，然后才能开始。", "大多数人不知道这是怎么回事。",
        "孩子跑到河边去看船。", "去年的价格上涨了很多。", "你也可以选择另一种颜色。", "这里有一些可以参考的例子。",
        "为了健康，每天应该多走路。",
    ),
    "Japanese": (
        "この質問には簡単な答えがありません。", "まず説明書を読んでから始めてください。",
        "ほとんどの人はそれがどう動くか知りません。", "子どもは船を見るために川へ走りました。",
        "去年は値段がかなり上がりました。", "別の色を選ぶこともできます。",
    ),
    "Arabic": (
        "لا توجد إجابة بسيطة على هذا السؤال.", "يجب قراءة التعليمات أولا ثم البدء بالعمل.",
        "معظم الناس لا يعرفون كيف يعمل ذلك.", "ركض الولد إلى النهر ليرى القوارب.",
    ),
    "Hindi": (
        "इस प्रश्न का कोई सरल उत्तर नहीं है।", "पहले निर्देश पढ़ें और फिर काम शुरू करें।",
        "ज़्यादातर लोग नहीं जानते कि यह कैसे काम करता है।", "लड़का नावें देखने के लिए नदी की ओर दौड़ा।",
    ),
}  # fmt: skip

ECHO_OPENINGS = ("You asked:", "The question is:", "Instruction:", "Task:", "Sure.")
ECHO_BEGINNINGS = ("To", "How to", "I will", "You want to", "Let us", "The task is to")
ECHO_QUOTING = (
    '"{}"', "'{}'", "> {}", "You wrote: {}", "**{}**", "{} Is that what you want to know?", "Question: {} Answer:",
    'The prompt says "{}".', "Request received: {}", "{} {{answer}}", "Let me repeat: {}",
)  # fmt: skip
NEVER_CLOSED = (
    "```python\n", "```\n", "```json\n{", '{"answer": "', "[", "<answer>", "<table><tr><td>",
    "\\begin{itemize} \\item ", "<p>", "<html><body>", "((", "/* ", "<!-- ",
)  # fmt: skip
OBJECTS = (
    "{{'generated_text': '{}'}}", "Message(content='{}', name=None)", "['{}']", "<Response: {}>", "answer='{}' score=",
    '{{"choices": [{{"text": "{}", "index": 0}}]}}', "0    {}\ndtype: object", "('{}',)", "text: !!str '{}'",
    "<html><body><p>{}</p></body></html>", "<td>{}</td>", "data: {}\n\ndata: [DONE]", "<output>{}</output>",
)  # fmt: skip
ROLES = (
    ("User:", "Assistant:"), ("Human:", "AI:"), ("### Instruction:", "### Response:"), ("Q:", "A:"),
    ("<|user|>", "<|assistant|>"), ("Input:", "Output:"),
)  # fmt: skip
LEFTOVERS = (
    "<|endoftext|>", "<|im_end|>", "<|im_start|>assistant", "</s>", "[/INST]", "<s>[INST]", "### Response:",
    "### Instruction:", "### Input:", "Output:", "{{response}}", "{output}", "[insert answer here]",
    "<<SYS>>", "ASSISTANT:", "<response>", "</response>", "undefined", "NaN", "[object Object]", "null",
    "%s", "${answer}", "<unk>", "<pad>", "\\boxed{", "TODO", "<placeholder>", "[REDACTED]", "User:", "Human:",
)  # fmt: skip
MARKUP = (
    '<div class="content">', "</div>", "<br/>", "<p>", "</span>", "&nbsp;", "&amp;", "&quot;", "&#39;",
    "&lt;", "<td>", "</tr>", "\\n", "\\n\\n", "\\t", '\\"', "\\u00e9", "\\u2019", "**", "```", "| --- |", '{"text": "',
)  # fmt: skip
KEYBOARD_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "fghjfghj", "lkjhgfds")
SYMBOLS = "!@#$%^&*()_+-=[]{};:,.<>/?|~0123456789"
