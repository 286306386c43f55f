// Every provider against an upstream that behaves well and badly. Says where the upstream is (`upstream http://…`), waits for
// the address of a server with the workspace beside this on standard input, and then prints a line for each check.

import assert from 'node:assert/strict';
import { createInterface } from 'node:readline/promises';

import { check } from './checks.mjs';
import { Upstream, calls, said, text } from './upstream.mjs';

// Each provider: a model of it, its secret's header where it has one, and how the names of those checks begin that the upstream
// can't serve for it.
const PROVIDERS = {
  // The upstream ends every response as completed.
  openai: { model: 'gpt-5-mini', key: ['authorization', 'Bearer key-of-openai'], without: ['an answer that is'] },
  chat: { model: 'gpt-4o-mini' },
  anthropic: { model: 'claude-haiku-4-5', key: ['x-api-key', 'key-of-anthropic'] },
  // A call comes in one piece.
  gemini: { model: 'gemini-2.5-flash', key: ['x-goog-api-key', 'key-of-gemini'], without: ['a call that ends early'] },
  // The same, and the upstream counts no tokens, ends every answer alike, and writes thoughts where Ollama itself does not.
  ollama: { model: 'qwen3', without: ['a call that ends early', 'an answer that is', 'thoughts', 'tokens'] },
};

const upstream = new Upstream();
console.log('upstream', await upstream.start());
const server = await createInterface({ input: process.stdin }).question('');
await Promise.all(Object.entries(PROVIDERS).map(([name, provider]) => checkProvider(name, provider)));
await upstream.stop();
process.exit();

async function checkProvider(provider, { model, key, without = [] }) {
  const alone = `${provider}-alone`;
  const spared = `${provider}-spared`;
  await putAgent(alone, `model = "${provider}/${model}"\nfallback = []\ntools = ["calc__*"]`);
  await putAgent(spared, `model = "${provider}/${model}"\nfallback = ["offline/demo"]`);
  const requests = (name) => upstream.requests(model, name);
  const checks = {
    async words() {
      const answer = await send(alone, 'words');
      assert.equal(answer.content, said);
      assert.equal(answer.model, `${provider}/${model}`);
      assert.equal(answer.stop_reason, 'end-turn');
      assert.equal(answer.fallback_from, undefined);
    },
    async tokens() {
      const [used] = (await send(alone, 'words counted')).completions;
      assert.deepEqual([used.input_tokens, used.output_tokens], [31, 17]);
    },
    async 'words in pieces'() {
      const events = await stream(alone, 'words');
      const pieces = events.filter(([name]) => name === 'delta').map(([, data]) => data.text);
      assert(pieces.length > 3, `${pieces.length} pieces`);
      assert.equal(pieces.join(''), said);
      assert.equal(events.at(-1)[0], 'done');
    },
    async 'calls at once'() {
      const answer = await send(alone, 'tools');
      assert.equal(answer.content, said);
      assert.deepEqual(answer.tool_calls.map((call) => [call.name, call.arguments]), calls.map(([name, args]) => [name, args]));
      const { messages } = requests('tools').at(-1).request;
      const asked = messages.flatMap((message) => message.tool_calls ?? []);
      const given = messages.filter((message) => message.role === 'tool');
      assert.deepEqual(asked.map((call) => JSON.parse(call.function.arguments)), calls.map(([, args]) => args));
      // Ollama has no ids: results belong to calls by their order.
      if (provider !== 'ollama') {
        assert.equal(new Set(asked.map((call) => call.id)).size, calls.length);
        assert.deepEqual(given.map((one) => one.tool_call_id), asked.map((call) => call.id));
      }
      calls.forEach(([, , result], place) => assert(text(given[place]).includes(result), text(given[place])));
    },
    async 'prompt and tools'() {
      await send(alone, 'words and tools');
      const { messages, tools } = requests('words and tools')[0].request;
      assert(text(messages.find((message) => ['system', 'developer'].includes(message.role))).includes('a test'));
      assert.deepEqual(tools.map((tool) => tool.function.name).sort(), ['calc__evaluate', 'calc__statistics']);
    },
    async conversation() {
      const { conversation } = await send(alone, 'words first');
      await send(alone, 'words second', { conversation });
      const { messages } = requests('words second')[0].request;
      const talk = messages.filter((message) => ['user', 'assistant'].includes(message.role)).map(text);
      assert.deepEqual(talk, ['words first', said, 'words second']);
    },
    async thoughts() {
      const events = await stream(alone, 'thoughts');
      const thought = events.filter(([name]) => name === 'reasoning').map(([, data]) => data.text);
      assert.equal(thought.join(''), 'Paris is in France.');
      assert.equal(events.at(-1)[1].content, said);
    },
    async schema() {
      const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
      const answer = await send(alone, 'json', { response_schema: schema });
      assert.deepEqual(JSON.parse(answer.content), { city: 'Paris' });
    },
    async 'an answer that is too long'() {
      assert.equal((await send(alone, 'long')).stop_reason, 'max-tokens');
    },
    async 'an answer that is filtered'() {
      assert.equal((await send(alone, 'filtered')).stop_reason, 'content-filter');
    },
    async delays() {
      assert.equal((await send(alone, 'slow')).content, said);
    },
    async key() {
      await send(alone, 'words with a key');
      assert.deepEqual(upstream.values(key[0]), [key[1]]);
    },
    async '429, waits as long as it says'() {
      assert.equal((await send(alone, 'limited-once')).content, said);
      const [first, second, ...more] = requests('limited-once');
      assert.deepEqual([first.status, second.status, more.length], [429, 200, 0]);
      // The upstream looks at its clock to the millisecond.
      assert(second.at - first.at >= 999, `asked again after ${second.at - first.at} ms`);
    },
    async '429, too long to wait'() {
      const { status, code } = await fault(alone, 'limited-long for anyone');
      assert.deepEqual([status, code], [503, 'provider-rate-limited']);
      assert.equal(requests('limited-long for anyone').length, 1);
    },
    async '429, another model instead'() {
      const answer = await send(spared, 'limited-long');
      assert.deepEqual([answer.model, answer.fallback_from], ['offline/demo', `${provider}/${model}`]);
    },
    ...recovers('500', 'broken'),
    ...recovers('529', 'busy'),
    ...breaks('a stream that ends early', 'cut', 'provider-bad-response'),
    ...breaks('a call that ends early', 'cut-calls', 'provider-bad-response'),
    ...breaks('a stream that breaks off', 'hang-up', 'provider-bad-response'),
    ...breaks('nonsense', 'nonsense', 'provider-bad-response'),
    ...breaks('a connection that ends', 'gone', 'provider-unreachable'),
    async '401'() {
      assert.equal((await fault(alone, 'no-key')).code, 'provider-auth');
      assert.equal(requests('no-key').length, 1);
    },
    async '400'() {
      assert.equal((await fault(alone, 'refused')).code, 'provider-refused');
      assert.equal(requests('refused').length, 1);
    },
    async 'too long'() {
      assert.equal((await fault(alone, 'too-long')).code, 'context-too-long');
    },
  };
  const skipped = key ? without : [...without, 'key'];
  const left = Object.entries(checks).filter(([name]) => !skipped.some((one) => name.startsWith(one)));
  if (provider === 'ollama') left.push(['price', listed]);
  await Promise.all(left.map(([name, test]) => check(`${provider}: ${name}`, test)));

  /** What the provider lists of its models is known: a model of one's own machine costs nothing. */
  async function listed() {
    const [{ cost_usd }] = (await send(alone, 'words for free')).completions;
    assert.equal(cost_usd, 0);
  }

  function recovers(shown, name) {
    return {
      async [`${shown}, asked again`]() {
        assert.equal((await send(alone, `${name}-once`)).content, said);
        assert.equal(requests(`${name}-once`).length, 2);
      },
      ...breaks(shown, name, 'provider-overloaded'),
    };
  }

  function breaks(shown, name, expected) {
    return {
      async [`${shown}, an error that says so`]() {
        const { code, detail } = await fault(alone, name);
        assert.equal(code, expected, detail);
        assert(detail.includes(`${provider}/${model}`), detail);
      },
      async [`${shown}, another model instead`]() {
        const events = await stream(spared, name);
        const [kind, answer] = events.at(-1);
        assert.equal(kind, 'done', JSON.stringify(answer));
        assert(events.some(([event]) => event === 'retry'));
        assert.deepEqual([answer.model, answer.fallback_from], ['offline/demo', `${provider}/${model}`]);
        assert(answer.content.length > 0);
      },
    };
  }
}

async function putAgent(name, more) {
  const body = `name = "${name}"\ndescription = "Answers in a test."\nsystem_prompt = "You are part of a test."\n${more}\n
[breaker]\nfailures = 0\n`;
  const response = await fetch(`${server}/api/v1/workspaces/default/agents/${name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/toml' },
    body,
  });
  assert(response.ok, await response.text());
}

function post(to, content, more, accept) {
  return fetch(`${server}/api/v1/workspaces/default/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify({ to, content, ...more }),
  });
}

async function send(to, content, more = {}) {
  const response = await post(to, content, more, 'application/json');
  const answer = await response.json();
  assert.equal(response.status, 200, JSON.stringify(answer));
  return answer;
}

async function fault(to, content) {
  const response = await post(to, content, {}, 'application/json');
  const problem = await response.json();
  assert(response.status >= 400, JSON.stringify(problem));
  return problem;
}

/** The events of an answer: pairs of a name and data. */
async function stream(to, content) {
  const response = await post(to, content, {}, 'text/event-stream');
  assert.equal(response.status, 200);
  const field = (event, name) =>
    event
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  return (await response.text())
    .split('\n\n')
    .filter((event) => field(event, 'event'))
    .map((event) => [field(event, 'event'), JSON.parse(field(event, 'data'))]);
}
