// OpenAI's own client for JavaScript against a server: `node openai_client.mjs http://127.0.0.1:8080`.
// In the server's workspace the agent `writer` thinks with the offline provider, and `mocked` says what the upstream beside this
// is told to. Prints a line for each check.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import OpenAI from 'openai';

import { check } from './checks.mjs';

const client = new OpenAI({ baseURL: `${process.argv[2].replace(/\/$/, '')}/v1`, apiKey: 'any', maxRetries: 0 });
const hello = [{ role: 'user', content: 'Hello' }];
const question = { role: 'user', content: 'What is the weather in Paris?' };
const weather = {
  name: 'get_weather',
  description: 'Tells the weather in a city.',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};

const told = (content) => ({ model: 'mocked', messages: [{ role: 'user', content }] });

await check('models', async () => {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  assert(names.includes('auto') && names.includes('writer'), names.join());
  assert.equal((await client.models.retrieve('writer')).object, 'model');
});

await check('chat', async () => {
  const answer = await client.chat.completions.create({ model: 'writer', messages: hello });
  assert(answer.choices[0].message.content);
  assert.equal(answer.choices[0].finish_reason, 'stop');
  assert(answer._request_id.startsWith('req_'));
});

await check('chat-stream', async () => {
  const stream = await client.chat.completions.create({
    model: 'writer',
    messages: hello,
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = '';
  let last;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? '';
    last = chunk;
  }
  assert(text);
  assert(last.usage.total_tokens > 0);
});

await check('chat-stream-helper', async () => {
  const stream = client.chat.completions.stream({ model: 'writer', messages: hello });
  assert((await stream.finalChatCompletion()).choices[0].message.content);
});

await check('chat-tools', async () => {
  const runner = client.chat.completions.runTools({
    model: 'writer',
    messages: [question],
    tools: [{ type: 'function', function: { ...weather, parse: JSON.parse, function: () => 'Sunny, 23 degrees' } }],
    tool_choice: 'auto',
  });
  assert((await runner.finalContent()).length > 0);
});

await check('chat-tools-stream', async () => {
  const stream = client.chat.completions.stream({
    model: 'writer',
    messages: [question],
    tools: [{ type: 'function', function: weather }],
    tool_choice: 'required',
  });
  const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0];
  assert.equal(finish_reason, 'tool_calls');
  assert.equal(message.tool_calls[0].function.name, 'get_weather');
});

await check('chat-errors', async () => {
  await assert.rejects(client.chat.completions.create({ model: 'nobody', messages: hello }), (error) => {
    assert(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, 'model_not_found');
    return true;
  });
  await assert.rejects(client.chat.completions.create({ model: 'writer', messages: hello, logprobs: true }), (error) => {
    assert(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, 'logprobs');
    return true;
  });
});

await check('responses', async () => {
  const first = await client.responses.create({ model: 'writer', input: 'Hello' });
  assert(first.output_text);
  assert.equal((await client.responses.retrieve(first.id)).output_text, first.output_text);
  const second = await client.responses.create({ model: 'auto', input: 'And again', previous_response_id: first.id });
  assert.equal(second.conversation.id, first.conversation.id);
  await client.responses.delete(first.id);
  await assert.rejects(client.responses.retrieve(first.id), OpenAI.NotFoundError);
});

await check('responses-stream', async () => {
  let text = '';
  let last;
  for await (const event of await client.responses.create({ model: 'writer', input: 'Hello', stream: true })) {
    if (event.type === 'response.output_text.delta') text += event.delta;
    last = event;
  }
  assert.equal(last.type, 'response.completed');
  assert.equal(last.response.output[0].content[0].text, text);
  const helper = client.responses.stream({ model: 'writer', input: 'Hello' });
  assert((await helper.finalResponse()).output_text);
});

await check('responses-tools', async () => {
  const tools = [{ type: 'function', strict: false, ...weather }];
  const stream = client.responses.stream({ model: 'writer', input: [question], tools, tool_choice: 'required' });
  const asked = await stream.finalResponse();
  const call = asked.output.at(-1);
  assert.equal(call.type, 'function_call');
  const output = { type: 'function_call_output', call_id: call.call_id, output: 'Sunny, 23 degrees' };
  const answer = await client.responses.create({
    model: 'writer',
    input: [output],
    previous_response_id: asked.id,
    tools,
  });
  assert(answer.output_text.includes('Sunny'), answer.output_text);
});

await check('going-away', async () => {
  const stream = await client.chat.completions.create({ model: 'writer', messages: hello, stream: true });
  for await (const _ of stream) break;
  assert((await client.models.list()).data.length > 0);
});

await check('calls-at-once', async () => {
  const results = [];
  const calculate = ({ expression }) => results.push(expression) && 'a number';
  const parameters = { type: 'object', properties: { expression: { type: 'string' } } };
  const calc = { name: 'calc__evaluate', description: 'Calculates.', parameters };
  const runner = client.chat.completions.runTools({
    ...told('tools'),
    stream: true,
    tools: [{ type: 'function', function: { ...calc, parse: JSON.parse, function: calculate } }],
  });
  assert((await runner.finalContent()).includes('Paris'));
  assert.deepEqual(results, ['6 * 7', '2 ^ 10']);
});

await check('unfinished', async () => {
  const chat = await client.chat.completions.create(told('long'));
  assert.equal(chat.choices[0].finish_reason, 'length');
  const response = await client.responses.create({ model: 'mocked', input: 'long' });
  assert.equal(response.incomplete_details.reason, 'max_output_tokens');
});

await check('schemas', async () => {
  const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
  const format = { type: 'json_schema', json_schema: { name: 'place', strict: true, schema } };
  const chat = await client.chat.completions.create({ ...told('json'), response_format: format });
  assert.deepEqual(JSON.parse(chat.choices[0].message.content), { city: 'Paris' });
  const response = await client.responses.create({
    model: 'mocked',
    input: 'json',
    text: { format: { type: 'json_schema', name: 'place', strict: true, schema } },
  });
  assert.deepEqual(JSON.parse(response.output_text), { city: 'Paris' });
});

await check('errors-of-the-upstream', async () => {
  for (const [content, kind] of [
    ['limited-long', OpenAI.RateLimitError],
    ['broken', OpenAI.InternalServerError],
    ['too-long', OpenAI.BadRequestError],
  ]) {
    await assert.rejects(client.chat.completions.create(told(content)), kind, content);
    await assert.rejects(client.responses.create({ model: 'mocked', input: content }), kind, content);
  }
});

await check('errors-in-a-stream', async () => {
  const stream = await client.chat.completions.create({ ...told('hang-up'), stream: true });
  let text = '';
  await assert.rejects(async () => {
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
  }, OpenAI.APIError);
  assert(text.length > 0);
});

await check('retries', async () => {
  const answer = await client.chat.completions.create(told('broken-often for JavaScript'), { maxRetries: 2 });
  assert(answer.choices[0].message.content);
});

await check('idempotency', async () => {
  const options = { headers: { 'Idempotency-Key': randomUUID() } };
  const answers = [];
  for (let times = 0; times < 2; times += 1) answers.push(await client.chat.completions.create(told('words'), options));
  assert.equal(answers[0].id, answers[1].id);
});
