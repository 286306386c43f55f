"""Makes `thousand.json` and `thousand.i16`: 1,000 varied texts and their vectors in double precision.

    pip install numpy safetensors tokenizers
    python thousand.py MODEL_DIR

The network is written out here a second time, in numpy, from its description (Devlin et al. 2018) and from what the model's
card says of pooling. It shares no line with the kernels that it checks; the tokeniser is that of the model's authors.
`thousand.i16` has for each text 384 numbers in units of 1/32767, little-endian. It also prints how near the vectors come that
are made with weights of fewer bits.
"""

import json
import math
import random
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

WORDS = {
    "english": "the server of agents routes every message to a tool that knows when invoices were paid and which columns in this sheet look wrong because revenue fell last quarter although nobody changed prices".split(),
    "german": "der Rechner schickt jede Nachricht an ein Werkzeug das weiß wann Rechnungen bezahlt wurden und welche Spalten größer als üblich sind während Straßenbahnen über Brücken fahren".split(),
    "french": "l'été dernier nous avons reçu une facture élevée où chaque élève français écrivait ça déjà à Noël près du château".split(),
    "spanish": "mañana el niño envía un mensaje al señor García sobre la factura que llegó después de la reunión en Córdoba ¿verdad?".split(),
    "polish": "żółw płynie przez źródło a łódź czeka na ścianie gdzie ktoś zgubił klucz do świątyni".split(),
    "turkish": "İstanbul'da güneşli bir gün için çocuklar ağaçların altında şarkı söylüyor ılık rüzgâr".split(),
    "vietnamese": "người dùng gửi một tin nhắn đến máy chủ để hỏi về hóa đơn của tháng trước ở Hà Nội".split(),
    "russian": "сервер отправляет каждое сообщение агенту который знает когда были оплачены счета и почему выросла цена ёлки".split(),
    "greek": "ο διακομιστής στέλνει κάθε μήνυμα σε ένα εργαλείο που γνωρίζει πότε πληρώθηκαν τα τιμολόγια".split(),
    "hebrew": "השרת שולח כל הודעה לכלי שיודע מתי שולמו החשבונות ולמה המחיר עלה".split(),
    "arabic": "يرسل الخادم كل رسالة إلى أداة تعرف متى دُفعت الفواتير ولماذا ارتفع السعر في المدينة".split(),
    "hindi": "सर्वर हर संदेश को उस उपकरण तक भेजता है जो जानता है कि बिल कब चुकाए गए थे".split(),
    "tamil": "சேவையகம் ஒவ்வொரு செய்தியையும் கருவிக்கு அனுப்புகிறது விலை ஏன் உயர்ந்தது".split(),
    "thai": ["เซิร์ฟเวอร์", "ส่ง", "ทุกข้อความ", "ไปยัง", "เครื่องมือ", "ที่รู้ว่า", "ใบแจ้งหนี้", "ราคา"],
    "chinese": list("服务器把每条消息发送给知道发票何时付款的工具因为上个季度收入下降了虽然没有人改价格"),
    "japanese": ["サーバー", "は", "すべての", "メッセージ", "を", "請求書", "が", "いつ", "支払われた", "か", "知っている", "道具", "に", "送る", "。"],
    "korean": "서버는 모든 메시지를 청구서가 언제 지불되었는지 아는 도구로 보냅니다 가격이 올랐습니다".split(),
    "emoji": ["🙂", "🚀", "👩‍👩‍👧‍👦", "🇩🇪", "❤️", "👍🏽", "🧾", "📈", "🤖", "ok", "…", "☃"],
    "code": ["fn main() {", "let x = y[i] * 2;", "for (auto& v : values)", "return None", "SELECT * FROM t WHERE id = ?;", "</div>", "=>", "!=", "#include <vector>", "self.assertEqual(a, b)", "x ** 2", "}", "/* why */", "&&", "println!(\"{}\", x)", "\t"],
    "numbers": ["0", "-1", "3.14159", "1e-9", "42", "2026-11-21T14:27:45Z", "0xdeadbeef", "1,234,567.89", "€99.90", "50%", "192.168.0.1", "½", "²", "٣", "Ⅷ"],
    "addresses": ["https://example.org/a/b?c=d&e=%20#f", "user.name+tag@example.com", "C:\\Windows\\System32", "/usr/local/bin", "s3://bucket/key", "+49 30 1234567"],
    "rare": ["naïve", "ﬁnance", "Å", "A\u030a", "\u200b", "\u00ad", "\u202e", "Ｆｕｌｌ", "ß", "ẞ", "Ǆ", "ﷺ", "𝔘𝔫𝔦", "😀\ufe0f", "\u0000", "\u0007", "\ufffd", "\u3000", "x" * 120, "[CLS]", "[MASK]", "[SEP]", "##ing", "`", "“”"],
}


def texts():
    pick = random.Random(384)
    fixed = ["", " ", "\n\t ", "a", "é", "中", "🙂", "0", ".", "?", "[UNK]", "\u200b", "A", "ß", "न", "ع", "the", "This is an example sentence", "Each sentence is converted"]
    fixed.append(" ".join(pick.choice(WORDS["english"]) for _ in range(5000)))
    fixed.append("".join(pick.choice(WORDS["chinese"]) for _ in range(2000)))
    fixed.append("no spaces at all " * 3 + "x" * 5000)
    kinds, made = list(WORDS), dict.fromkeys(fixed)
    while len(made) < 1000:
        n = len(made)
        kind = kinds[n % len(kinds)]
        # Lengths are spread evenly over their logarithm; one text in fifty fills what is read.
        count = 300 if n % 50 == 0 else int(math.exp(pick.uniform(0, math.log(70))))
        words = [pick.choice(WORDS[kind]) for _ in range(count)]
        if n % 7 == 0:
            words = [pick.choice(WORDS[pick.choice(kinds)]) for _ in range(count)]
        text = ("" if kind in ("chinese", "japanese", "thai") else " ").join(words)
        if n % 5 == 0:
            text = text.upper() if n % 10 else text.capitalize() + "."
        made[text] = None
    return list(made)


class Network:
    def __init__(self, weights, quantise=lambda name, w: w):
        self.w = {name: quantise(name, w.astype(np.float64)) for name, w in weights.items() if w.dtype != np.int64}
        self.erf = np.vectorize(math.erf, otypes=[np.float64])

    def linear(self, x, name):
        return x @ self.w[f"{name}.weight"].T + self.w[f"{name}.bias"]

    def norm(self, x, name):
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return x * self.w[f"{name}.LayerNorm.weight"] + self.w[f"{name}.LayerNorm.bias"]

    def vector(self, ids):
        e = "embeddings"
        x = self.w[f"{e}.word_embeddings.weight"][ids]
        x = x + self.w[f"{e}.position_embeddings.weight"][: len(ids)] + self.w[f"{e}.token_type_embeddings.weight"][0]
        x = self.norm(x, e)
        for n in range(6):
            key = f"encoder.layer.{n}"
            q, k, v = (
                self.linear(x, f"{key}.attention.self.{part}").reshape(len(ids), 12, 32).transpose(1, 0, 2)
                for part in ("query", "key", "value")
            )
            scores = q @ k.transpose(0, 2, 1) / math.sqrt(32)
            shares = np.exp(scores - scores.max(-1, keepdims=True))
            shares /= shares.sum(-1, keepdims=True)
            context = (shares @ v).transpose(1, 0, 2).reshape(len(ids), 384)
            x = self.norm(self.linear(context, f"{key}.attention.output.dense") + x, f"{key}.attention.output")
            wide = self.linear(x, f"{key}.intermediate.dense")
            wide = wide * 0.5 * (1 + self.erf(wide / math.sqrt(2)))
            x = self.norm(self.linear(wide, f"{key}.output.dense") + x, f"{key}.output")
        mean = x.mean(0)
        return mean / np.linalg.norm(mean)


def bits(count):
    """Weights with so many bits, a scale for each output."""

    def quantise(name, w):
        if w.ndim != 2 or "embeddings" in name:
            return w
        scale = np.abs(w).max(1, keepdims=True) / (2 ** (count - 1) - 1)
        return np.round(w / scale) * scale

    return quantise


def main():
    model, here = Path(sys.argv[1]), Path(__file__).parent
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    weights = load_file(model / "model.safetensors")
    exact = Network(weights)
    chosen = texts()
    ids = [tokenizer.encode(text).ids for text in chosen]
    vectors = np.array([exact.vector(i) for i in ids])
    lines = ",\n".join(json.dumps(text, ensure_ascii=False) for text in chosen)
    (here / "thousand.json").write_text(f"[\n{lines}\n]\n")
    np.round(vectors * 32767).astype("<i2").tofile(here / "thousand.i16")
    print(len(chosen), "texts, tokens", sum(map(len, ids)), "longest", max(map(len, ids)))
    for count in (8, 10, 12):
        fewer = Network(weights, bits(count))
        cosines = [float(fewer.vector(i) @ v) for i, v in zip(ids[::10], vectors[::10])]
        print(f"weights of {count} bits: least cosine {min(cosines):.6f}, mean {np.mean(cosines):.6f}")


main()
