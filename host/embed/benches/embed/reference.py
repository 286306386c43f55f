"""The reference: the same weights under ONNX Runtime, as its own optimiser prepares them, with two threads.

    pip install onnx onnxruntime safetensors sympy tokenizers
    python reference.py MODEL_DIR OUT_DIR

It writes the graphs into OUT_DIR, once. Then each line of its standard input is a JSON list of texts with equally many tokens.
It answers with their number of tokens, the seconds that the graph as it is took and those that the fused one took
(tokenising is not counted), and the vectors.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file
from tokenizers import Tokenizer

LAYERS, HEADS, WIDTH = 6, 12, 384


def graph(model, out):
    """The network as an exporter writes it: plain operators, constants folded."""
    weights = load_file(model / "model.safetensors")
    nodes, constants = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def norm(x, name, key):
        weight = constant(f"{name}.weight", weights[f"{key}.LayerNorm.weight"])
        bias = constant(f"{name}.bias", weights[f"{key}.LayerNorm.bias"])
        return op("LayerNormalization", [x, weight, bias], name, epsilon=1e-12, axis=-1)

    def linear(x, name, key):
        weight = constant(f"{name}.weight", weights[f"{key}.weight"].T)
        bias = constant(f"{name}.bias", weights[f"{key}.bias"])
        product = op("MatMul", [x, weight], f"{name}.product")
        return op("Add", [bias, product], name)

    def heads(x, name, order):
        shape = constant(f"{name}.shape", np.array([0, 0, HEADS, WIDTH // HEADS], np.int64))
        split = op("Reshape", [x, shape], f"{name}.split")
        return op("Transpose", [split], name, perm=order)

    e = "embeddings"
    words = constant("words", weights[f"{e}.word_embeddings.weight"])
    places = weights[f"{e}.position_embeddings.weight"] + weights[f"{e}.token_type_embeddings.weight"][0]
    places = constant("places", places[:256])
    token = op("Gather", [words, "ids"], "token")
    length = op("Shape", ["ids"], "length", start=1, end=2)
    zero = constant("zero", np.array([0], np.int64))
    place = op("Slice", [places, zero, length, zero], "place")
    x = norm(op("Add", [token, place], "embedded"), "embedded.norm", e)
    mask = op("Unsqueeze", ["mask", constant("axis.1", np.array([1], np.int64))], "mask.1")
    mask = op("Unsqueeze", [mask, constant("axis.2", np.array([2], np.int64))], "mask.2")
    mask = op("Cast", [mask], "mask.float", to=TensorProto.FLOAT)
    mask = op("Sub", [constant("one", np.float32(1)), mask], "mask.inverse")
    mask = op("Mul", [mask, constant("low", np.float32(-10000))], "mask.bias")
    joined = constant("joined", np.array([0, 0, WIDTH], np.int64))
    scale = constant("scale", np.float32(np.sqrt(WIDTH // HEADS)))
    half, one = constant("half", np.float32(0.5)), constant("gelu.one", np.float32(1))
    root = constant("root", np.float32(np.sqrt(2)))
    for n in range(LAYERS):
        key = f"encoder.layer.{n}"
        part = lambda name: f"{n}.{name}"
        query = heads(linear(x, part("query"), f"{key}.attention.self.query"), part("query.heads"), [0, 2, 1, 3])
        keys = heads(linear(x, part("key"), f"{key}.attention.self.key"), part("key.heads"), [0, 2, 3, 1])
        value = heads(linear(x, part("value"), f"{key}.attention.self.value"), part("value.heads"), [0, 2, 1, 3])
        scores = op("MatMul", [query, keys], part("scores"))
        scores = op("Div", [scores, scale], part("scaled"))
        scores = op("Add", [scores, mask], part("masked"))
        context = op("MatMul", [op("Softmax", [scores], part("shares"), axis=-1), value], part("context"))
        context = op("Transpose", [context], part("context.rows"), perm=[0, 2, 1, 3])
        context = op("Reshape", [context, joined], part("context.joined"))
        attended = linear(context, part("attention"), f"{key}.attention.output.dense")
        middle = norm(op("Add", [attended, x], part("attention.sum")), part("attention.norm"), f"{key}.attention.output")
        wide = linear(middle, part("wide"), f"{key}.intermediate.dense")
        erf = op("Erf", [op("Div", [wide, root], part("gelu.in"))], part("gelu.erf"))
        wide = op("Mul", [wide, op("Add", [erf, one], part("gelu.plus"))], part("gelu.times"))
        wide = op("Mul", [wide, half], part("gelu"))
        back = linear(wide, part("output"), f"{key}.output.dense")
        x = norm(op("Add", [back, middle], part("output.sum")), part("output.norm"), f"{key}.output")
    nodes.append(helper.make_node("Identity", [x], ["hidden"]))
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])
    given = helper.make_tensor_value_info("mask", TensorProto.INT64, ["texts", "tokens"])
    hidden = helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["texts", "tokens", WIDTH])
    body = helper.make_graph(nodes, "all-MiniLM-L6-v2", [ids, given], [hidden], constants)
    whole = helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(whole)
    onnx.save(whole, out)


def session(path):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    options.inter_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def vectors(run, ids):
    (hidden,) = run.run(None, {"ids": ids, "mask": np.ones(ids.shape, np.int64)})
    mean = hidden.mean(axis=1)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def main():
    model, out = Path(sys.argv[1]), Path(sys.argv[2])
    plain, fused = out / "model.onnx", out / "fused.onnx"
    if not plain.exists():
        graph(model, plain)
    if not fused.exists():
        from onnxruntime.transformers import optimizer

        optimised = optimizer.optimize_model(
            str(plain), model_type="bert", num_heads=HEADS, hidden_size=WIDTH, opt_level=0, only_onnxruntime=False
        )
        optimised.save_model_to_file(str(fused))
        print(json.dumps(optimised.get_fused_operator_statistics()), file=sys.stderr)
    runs = [session(str(path)) for path in (plain, fused)]
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    print(json.dumps({"version": ort.__version__}), flush=True)
    for line in sys.stdin:
        ids = np.array([tokenizer.encode(text).ids for text in json.loads(line)], np.int64)
        times = []
        for run in runs:
            started = time.perf_counter()
            result = vectors(run, ids)
            times.append(time.perf_counter() - started)
        answer = {"tokens": ids.shape[1], "seconds": times, "vectors": result.tolist()}
        print(json.dumps(answer), flush=True)


main()
