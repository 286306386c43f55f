//! The words by which sentences are told apart: those of English, and of German, French and Spanish what greets, asks and
//! wants. Each list is one text, its entries apart by `|`; an entry of several words stands for them in this order.

/// Words that greet, thank, agree or fill: a sentence of nothing else says nothing.
pub(super) const FILLERS: &str = "\
    a|actually|again|ah|ahoy|all|alright|also|amazing|and|anyway|awesome|aye|bitte|bonjour|bye|cheers|ciao|cool|\
    correct|danke|day|dear|entendido|evening|exactly|excellent|fine|genau|good|goodbye|got|gracias|great|grazie|\
    guten|gut|haha|hallo|hello|hey|hi|hm|hmm|hola|ja|job|klar|lol|lot|many|merci|moin|morgen|morning|much|nein|\
    nice|no|nope|now|obrigado|oh|oi|ok|okay|oui|perfect|perfekt|please|prima|right|salut|servus|si|sí|so|sorry|\
    sounds|super|sure|tag|thank|thanks|then|there|thx|too|understood|very|vielen|welcome|well|wonderful|wow|\
    yeah|yep|yes|you|yup";

/// Fillers that may stand before a sentence. Others belong to it: `all`, `no`, `many`.
pub(super) const BEFORE: &str = "\
    actually|ah|alright|also|and|anyway|bonjour|btw|but|by the way|ciao|cool|danke|fyi|good day|good evening|\
    good morning|great|guten abend|guten morgen|guten tag|hallo|hello|hello there|hey|hey there|hi|hi there|\
    hola|honestly|however|ja|merci|moin|now|oh|ok|okay|oui|perfect|please|salut|so|sure|thank you|thanks|then|\
    unfortunately|well|yeah|yes";

/// Small words in a sentence that say nothing of whether it is worth anything.
pub(super) const ADVERBS: &str = "\
    actually|already|also|just|now|probably|really|simply|still";

/// What a sentence begins with that wants something done or told.
pub(super) const REQUESTS: &str = "\
    what|what's|who|who's|whom|whose|which|when|where|where's|why|how|how's|is|isn't|are|aren't|am|was|wasn't|\
    were|do|don't|does|doesn't|did|didn't|can|can't|could|couldn't|would|wouldn't|will|won't|shall|should|\
    shouldn't|may|have|has|any|wer|wie|wo|wann|warum|wieso|weshalb|welche|welcher|welches|wieviel|kannst|\
    könntest|können|könnten|kann|gibt|hast|qui|que|quoi|quel|quelle|quels|quelles|comment|où|pourquoi|combien|\
    quand|est-ce|peux|pouvez|pourriez|qué|quién|cuál|cuáles|cómo|dónde|cuándo|cuánto|cuántos|puedes|podrías|\
    podría|add|analyse|analyze|answer|ask|build|calculate|call|change|check|clean|compare|compute|continue|\
    convert|count|create|debug|define|delete|describe|design|display|draft|draw|edit|estimate|evaluate|explain|\
    export|extend|extract|fetch|fill|filter|find|finish|fix|forecast|forget|format|generate|get|give|go|guess|\
    help|identify|implement|import|improve|include|let|let's|list|load|look|make|name|open|optimise|optimize|\
    plan|plot|predict|prepare|print|provide|put|read|recommend|redo|refactor|remove|render|repeat|replace|reply|\
    research|retry|return|rewrite|run|save|say|search|select|send|set|show|solve|sort|start|stop|suggest|sum|\
    summarise|summarize|take|tell|test|translate|try|turn|update|use|verify|visualise|visualize|wait|write|zeig|\
    zeige|zeigen|gib|schreib|schreibe|erstelle|erkläre|erklär|berechne|fasse|nenne|finde|suche|übersetze|mach|\
    mache|sag|hilf|vergleiche|liste|zeichne|montre|montrez|donne|donnez|écris|fais|faites|explique|calcule|\
    traduis|résume|dis|trouve|muestra|muéstrame|dame|escribe|haz|explica|calcula|traduce|resume|dime|busca|crea";

/// What begins a sentence about this moment, or about what only the conversation knows.
pub(super) const PASSING: &str = "\
    i want|i need|i would like|i'd like|i'd love|i have a question|i have an issue|i have a problem|i have another|\
    i was wondering|i wonder|i'm wondering|i think|i guess|i suppose|i see|i understand|i mean|i don't know|\
    i don't understand|i don't see|i don't think|i can't|i cannot|i couldn't|i got|i get|i'm getting|i tried|\
    i've tried|i'm trying|i am trying|i hope|i'll|i will|i'm looking|i am looking|i'm asking|i'm not sure|\
    i am not sure|i just|i meant|i said|i asked|i forgot|i'm sorry|i am sorry|i appreciate|i agree|i disagree|\
    i don't get|i never got|i never said|i never asked|i never meant|i always forget|i keep forgetting|i found|\
    i fixed|i'm fine|i'm good|i'm ok|i'm okay|i'm back|i'm done|i'm ready|i'm here|i'm sure|i'm afraid|i'm curious|\
    i'm confused|i'm stuck|i'm happy|i'm glad|we want|we'll see|not sure|not really|maybe|perhaps|never mind|\
    nevermind|never seen|never heard|never had|never been|never thought|never knew|never worked|never works|\
    never happened|always the same|no problem|no worries|vielleicht|peut-être|quizás|ich möchte|ich will|\
    ich hätte gern|ich brauche|ich glaube|ich denke|ich verstehe|ich weiß nicht|je veux|je voudrais|j'aimerais|\
    je pense|je crois|je comprends|je ne sais|quiero|quisiera|necesito|creo que|no sé|entiendo";

/// Who or what is meant by these, only the conversation knows.
pub(super) const POINTING: &str = "\
    it|it's|they|they're|them|he|he's|she|she's|that's|there's|you|you're|you've|your|same|both|neither|either|\
    es|das|dies|du|ihr|ça|c'est|cela|il|elle|tu|vous|eso|esto|él|ella|usted";

/// What follows on `this` and the like where they stand alone.
pub(super) const VERBS_AFTER: &str = "\
    is|isn't|was|wasn't|are|aren't|were|does|doesn't|did|didn't|looks|look|seems|seem|works|worked|work|means|\
    sounds|makes|made|helps|helped|would|will|won't|can|can't|could|should|has|have|had|gives|gave|fails|failed|\
    one|ones|happens|happened|always|never|keeps|broke|breaks|sucks";

/// What complains about an answer, or tells what went wrong just now.
pub(super) const COMPLAINTS: &str = "\
    wrong|incorrect|broken|crashed|crashes|error|errors|exception|failed|fails|failure|panicked|traceback|\
    undefined|unexpected|stacktrace|falsch|fehler|erreur|faux";

/// What says that it is to be remembered, before it.
pub(super) const REMEMBER: &str = "\
    please remember that|please remember:|please remember|remember that|remember:|remember,|remember|\
    please note that|please note:|note that|note:|keep in mind that|please keep in mind that|bear in mind that|\
    don't forget that|for the record,|for the record:|for future reference,|for your information,|fyi:|fyi,";

/// What says that it holds for ever, where it begins a sentence: `Always answer in German`. Elsewhere it says how often.
pub(super) const LASTING: &str = "\
    always|never|from now on|immer|nie|niemals|ab jetzt|ab sofort|toujours|jamais|dorénavant|siempre|nunca";

/// After what it says so, too: `You should never use emojis`.
pub(super) const OBLIGED: &str = "\
    you should|you must|du sollst|du musst|sie sollen|tu dois|vous devez|debes|usted debe";

/// What a name to be called by follows on.
pub(super) const CALLED: &str = "\
    call me|just call me|you can call me|you may call me|feel free to call me|nenn mich|nenne mich|nennen sie mich|\
    appelle-moi|appelez-moi|llámame";

/// What follows on these instead, and is no name.
pub(super) const NOT_NAMES: &str = "\
    after|again|anytime|asap|at|back|before|crazy|if|in|later|maybe|monday|tuesday|wednesday|thursday|friday|\
    saturday|sunday|next|now|on|once|please|soon|today|tomorrow|tonight|when|whenever";

/// What may follow on a name to be called by.
pub(super) const AFTER_NAMES: &str =
    "and not|for short|from now on|instead|not|please|thank you|thanks";

/// What stands beside a credential.
pub(super) const CREDENTIALS: &str = "\
    password|passwort|kennwort|passphrase|passcode|mot de passe|contraseña|api key|api-key|apikey|api_key|\
    secret key|private key|access key|access token|auth token|bearer |client secret|credit card|card number|cvv|\
    security code|iban|ssn|social security";

/// Words for credentials that stand inside of others as well: a pin, and not what is spinning.
pub(super) const CREDENTIAL_WORDS: &str =
    "pin|pins|login|logins|credentials|passwd|passw0rd|passwords|pwd|otp";

/// What the text of a credential begins with.
pub(super) const KEYS: &str = "\
    sk-|sk_|pk_|rk_|ghp_|gho_|github_pat_|glpat-|xoxb-|xoxp-|AKIA|ASIA|AIza|eyJ|ya29.|-----BEGIN|AGE-SECRET-KEY";

/// What a sentence begins with that is about who speaks, or what is theirs.
pub(super) const ONESELF: &str = "\
    i|i'm|i've|my|we|we're|we've|our|ich|wir|mein|meine|unser|unsere|je|j'ai|mon|ma|nous|notre|yo|mi|nosotros|\
    nuestro";

/// Words that seldom stand anywhere but in a sentence.
pub(super) const SPOKEN: &str = "\
    i|i'm|i've|we|we're|we've|is|isn't|are|aren't|am|was|were|has|have|had|does|doesn't|don't|will|won't|can|\
    can't|must|should|lives|works|likes|prefers|uses|needs|means|called|named|ich|wir|ist|sind|hat|haben|bin|\
    wohnt|arbeitet|heißt|heiße|je|nous|est|sont|ont|suis|yo|es|son|soy|tiene|tenemos";

/// The entries of a list.
pub(super) fn entries(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split('|')
}

/// Whether a list has this entry.
pub(super) fn has(list: &'static str, entry: &str) -> bool {
    entries(list).any(|known| known == entry)
}
