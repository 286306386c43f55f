"""OpenAI's own client for Python against a server: `openai_client.py http://127.0.0.1:8080`.

In the server's workspace the agent `writer` thinks with the offline provider, and `mocked` says what the upstream beside this
is told to. Prints a line for each check.
"""

import asyncio
import base64
import json
import sys
import uuid

import openai
import pydantic

client = openai.OpenAI(base_url=sys.argv[1].rstrip("/") + "/v1", api_key="any", max_retries=0)
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001"
        "e221bc330000000049454e44ae426082"
    )
).decode()
WEATHER = {
    "name": "get_weather",
    "description": "Tells the weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
QUESTION = {"role": "user", "content": "What is the weather in Paris?"}


def check(name):
    def run(test):
        try:
            test()
            print("ok", name, flush=True)
        # One that fails does not end the others.
        except Exception as error:
            reason = " ".join(f"{type(error).__name__} {error}".split())
            print(f"FAILED {name}: {reason[:1000]}", flush=True)

    return run


def told(content):
    return {"model": "mocked", "messages": [{"role": "user", "content": content}]}


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


@check("models")
def _():
    names = [model.id for model in client.models.list()]
    assert "auto" in names and "writer" in names, names
    assert client.models.retrieve("writer").object == "model"


@check("chat")
def _():
    answer = client.chat.completions.create(
        model="writer", messages=[{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    )
    assert answer.choices[0].message.content and answer.choices[0].finish_reason == "stop", answer
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer._request_id.startswith("req_")
    assert answer.caxton["agent"] == "writer"


@check("chat-stream")
def _():
    chunks = list(
        client.chat.completions.create(
            model="writer",
            messages=[{"role": "user", "content": "Hello"}],
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text and chunks[-1].usage.total_tokens > 0, chunks[-1]


@check("chat-stream-helper")
def _():
    with client.chat.completions.stream(model="writer", messages=[{"role": "user", "content": "Hello"}]) as stream:
        for _ in stream:
            pass
        assert stream.get_final_completion().choices[0].message.content


@check("chat-tools")
def _():
    tools = [{"type": "function", "function": WEATHER}]
    choice = {"type": "function", "function": {"name": "get_weather"}}
    asked = client.chat.completions.create(model="writer", messages=[QUESTION], tools=tools, tool_choice=choice)
    message = asked.choices[0].message
    assert asked.choices[0].finish_reason == "tool_calls", asked
    json.loads(message.tool_calls[0].function.arguments)
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "Sunny, 23 degrees"}
    told = client.chat.completions.create(model="writer", messages=[QUESTION, message, result], tools=tools)
    assert "Sunny" in told.choices[0].message.content, told


@check("chat-tools-stream")
def _():
    tools = [{"type": "function", "function": WEATHER}]
    with client.chat.completions.stream(
        model="writer", messages=[QUESTION], tools=tools, tool_choice="required"
    ) as stream:
        for _ in stream:
            pass
        call = stream.get_final_completion().choices[0].message.tool_calls[0]
        assert call.function.name == "get_weather", call


@check("chat-errors")
def _():
    hello = [{"role": "user", "content": "Hello"}]
    error = raises(openai.NotFoundError, lambda: client.chat.completions.create(model="nobody", messages=hello))
    assert error.code == "model_not_found" and error.type == "invalid_request_error", error.body
    error = raises(
        openai.BadRequestError, lambda: client.chat.completions.create(model="writer", messages=hello, n=2)
    )
    assert error.param == "n" and error.request_id, error.body
    remote = [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]
    error = raises(
        openai.BadRequestError,
        lambda: client.chat.completions.create(model="writer", messages=[{"role": "user", "content": remote}]),
    )
    assert error.code == "invalid_image_url", error.body


@check("responses")
def _():
    first = client.responses.create(model="writer", input="Hello", metadata={"a": "b"})
    assert first.status == "completed" and first.output_text and first.metadata == {"a": "b"}, first
    assert client.responses.retrieve(first.id).output_text == first.output_text
    second = client.responses.create(model="auto", input="And again", previous_response_id=first.id)
    assert second.conversation.id == first.conversation.id, second
    third = client.responses.create(model="writer", input="And again", conversation=first.conversation.id)
    assert third.output_text
    client.responses.delete(first.id)
    raises(openai.NotFoundError, lambda: client.responses.retrieve(first.id))


@check("responses-stream")
def _():
    events = list(client.responses.create(model="writer", input="Hello", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert events[-1].type == "response.completed" and events[-1].response.output_text == text, events[-1]
    with client.responses.stream(model="writer", input="Hello") as stream:
        for _ in stream:
            pass
        assert stream.get_final_response().output_text


@check("responses-tools")
def _():
    tools = [{"type": "function", "strict": False, **WEATHER}]
    with client.responses.stream(model="writer", input=[QUESTION], tools=tools, tool_choice="required") as stream:
        for _ in stream:
            pass
        asked = stream.get_final_response()
    call = asked.output[-1]
    assert call.type == "function_call" and call.name == "get_weather", call
    output = {"type": "function_call_output", "call_id": call.call_id, "output": "Sunny, 23 degrees"}
    told = client.responses.create(model="writer", input=[output], previous_response_id=asked.id, tools=tools)
    assert "Sunny" in told.output_text, told
    whole = client.responses.create(
        model="writer", input=[QUESTION, *[item.model_dump(exclude_none=True) for item in asked.output], output], tools=tools
    )
    assert whole.output_text, whole


@check("pictures")
def _():
    # The offline provider sees nothing; that the request is understood is what counts.
    parts = [
        {"type": "text", "text": "Hello"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}},
    ]
    try:
        client.chat.completions.create(model="writer", messages=[{"role": "user", "content": parts}])
    except openai.BadRequestError as error:
        assert error.code != "invalid_image_url", error.body


class Place(pydantic.BaseModel):
    city: str


class calc__evaluate(pydantic.BaseModel):
    expression: str


CALC = openai.pydantic_function_tool(calc__evaluate)


@check("calls-at-once")
def _():
    question = told("tools")["messages"][0]
    with client.chat.completions.stream(model="mocked", messages=[question], tools=[CALC]) as stream:
        for _ in stream:
            pass
        message = stream.get_final_completion().choices[0].message
    asked = [call.function.parsed_arguments.expression for call in message.tool_calls]
    assert asked == ["6 * 7", "2 ^ 10"] and len({call.id for call in message.tool_calls}) == 2, message
    results = [{"role": "tool", "tool_call_id": call.id, "content": "a number"} for call in message.tool_calls]
    answer = client.chat.completions.create(model="mocked", messages=[question, message, *results], tools=[CALC])
    assert "Paris" in answer.choices[0].message.content, answer
    answer = client.chat.completions.create(
        model="mocked", messages=[question], tools=[CALC], parallel_tool_calls=False
    )
    assert len(answer.choices[0].message.tool_calls) == 1, answer


@check("calls-at-once-responses")
def _():
    tools = [{"type": "function", **CALC["function"]}]
    asked = client.responses.create(model="mocked", input="tools", tools=tools)
    calls = [item for item in asked.output if item.type == "function_call"]
    assert len(calls) == 2, asked
    outputs = [{"type": "function_call_output", "call_id": call.call_id, "output": "a number"} for call in calls]
    answer = client.responses.create(model="mocked", input=outputs, previous_response_id=asked.id, tools=tools)
    assert "Paris" in answer.output_text, answer


@check("unfinished")
def _():
    raises(openai.LengthFinishReasonError, lambda: client.chat.completions.parse(**told("long"), response_format=Place))
    filtered = client.chat.completions.create(**told("filtered"))
    assert filtered.choices[0].finish_reason == "content_filter", filtered
    response = client.responses.create(model="mocked", input="long")
    assert response.incomplete_details.reason == "max_output_tokens", response
    *_, last = client.responses.create(model="mocked", input="long", stream=True)
    assert last.type == "response.incomplete", last


@check("schemas")
def _():
    chat = client.chat.completions.parse(**told("json"), response_format=Place)
    assert chat.choices[0].message.parsed == Place(city="Paris"), chat
    response = client.responses.parse(model="mocked", input="json", text_format=Place)
    assert response.output_parsed == Place(city="Paris"), response


@check("errors-of-the-upstream")
def _():
    for content, kind in [
        ("limited-long", openai.RateLimitError),
        ("broken", openai.InternalServerError),
        ("too-long", openai.BadRequestError),
    ]:
        raises(kind, lambda: client.chat.completions.create(**told(content)))
        raises(kind, lambda: client.responses.create(model="mocked", input=content))
    error = raises(openai.RateLimitError, lambda: client.chat.completions.create(**told("limited-long")))
    assert int(error.response.headers["retry-after"]) > 0, error.response.headers


@check("errors-in-a-stream")
def _():
    stream = client.chat.completions.create(**told("hang-up"), stream=True)
    pieces = []
    raises(openai.APIError, lambda: [pieces.append(chunk) for chunk in stream])
    assert pieces


@check("retries")
def _():
    answer = client.with_options(max_retries=2).chat.completions.create(**told("broken-often for Python"))
    assert answer.choices[0].message.content, answer


@check("idempotency")
def _():
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    first, second = (client.chat.completions.create(**told("words"), extra_headers=headers) for _ in range(2))
    assert first.id == second.id, (first.id, second.id)


@check("async")
def _():
    async def talk():
        async with openai.AsyncOpenAI(base_url=client.base_url, api_key="any", max_retries=0) as other:
            stream = await other.chat.completions.create(**told("words"), stream=True)
            texts = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
            return "".join(texts), await other.responses.create(model="mocked", input="words")

    text, response = asyncio.run(talk())
    assert text == response.output_text, (text, response.output_text)
