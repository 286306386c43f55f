// An upstream that speaks the protocols of OpenAI, Anthropic, Gemini and Ollama. What it does, the message says:
// `words` or `limited-once`, by the names below; more words may follow. It keeps what it was asked, in one form for all
// protocols.

import { LLMock } from '@copilotkit/aimock';

const TEXT = 'Es ist kühl 🌧️ in Paris; bring a coat, an umbrella and a good book for the afternoon.';
const refusal = (status, type, more = {}) => ({ status, error: { message: `this is a ${status}`, type }, ...more });

/** What the upstream says where all is well. */
export const said = TEXT;

/** The calls that it asks for at once, and what the tool gives for each. */
export const calls = [
  ['calc__evaluate', { expression: '6 * 7' }, '42'],
  ['calc__evaluate', { expression: '2 ^ 10' }, '1024'],
];

export class Upstream {
  #mock = new LLMock({ host: '127.0.0.1', port: 0, chunkSize: 8, journalMaxEntries: 0 });
  #asked = new Map();
  #headers = [];

  /** Starts it, and gives its address. */
  async start() {
    const always = (name, response, options) => this.#on(name, () => response, options);
    const once = (name, response, then = { content: TEXT }) =>
      this.#on(name, (times) => (times === 1 ? response : then));
    const usage = { input_tokens: 31, output_tokens: 17, prompt_tokens: 31, completion_tokens: 17, total_tokens: 48 };
    const gemini = { promptTokenCount: 31, candidatesTokenCount: 17, totalTokenCount: 48 };

    // A mount sees every request first; the mock's own journal hides keys.
    const listen = { handleRequest: async (request) => void this.#headers.push(request.headers) };
    for (const path of ['/v1', '/v1beta', '/api']) this.#mock.mount(path, listen);
    // The list of models has those that are named so.
    this.#mock.on({ model: 'qwen3', userMessage: 'nobody says this' }, { content: '' });

    this.#mock.on(
      { predicate: (request) => named(request) === 'tools' && !request.messages.some((one) => one.role === 'tool') },
      ({ model }) => ({
        toolCalls: calls.map(([name, args]) => ({ name, arguments: JSON.stringify(args) })),
        // Its own word for this is none of Gemini's.
        ...(model.startsWith('gemini') && { finishReason: 'STOP' }),
      }),
    );
    always('words', { content: TEXT, usage: { ...usage, ...gemini } });
    always('tools', { content: TEXT });
    always('thoughts', { content: TEXT, reasoning: 'Paris is in France.' });
    always('json', { content: '{"city":"Paris"}' });
    always('long', { content: TEXT, finishReason: 'length' });
    this.#on('filtered', (_, model) => ({
      content: TEXT,
      finishReason: model.startsWith('claude') ? 'refusal' : 'content_filter',
    }));
    always('slow', { content: TEXT }, { streamingProfile: { ttft: 300, tps: 40 } });
    once('limited-once', refusal(429, 'rate_limit_error', { retryAfter: 1 }));
    always('limited-long', refusal(429, 'rate_limit_error', { retryAfter: 90 }));
    once('broken-once', refusal(500, 'server_error'));
    always('broken', refusal(500, 'server_error'));
    // More often than a server asks again by itself.
    this.#on('broken-often', (times) => (times <= 5 ? refusal(500, 'server_error') : { content: TEXT }));
    once('busy-once', refusal(529, 'overloaded_error'));
    always('busy', refusal(529, 'overloaded_error'));
    always('no-key', refusal(401, 'authentication_error'));
    always('refused', refusal(400, 'invalid_request_error'));
    always('too-long', {
      status: 400,
      error: { message: 'the prompt is too long: it exceeds the maximum number of tokens', type: 'invalid_request_error' },
    });
    // Without a pause the connection is gone before anything of the answer is.
    always('cut', { content: TEXT }, { truncateAfterChunks: 4, latency: 20 });
    always('cut-calls', { toolCalls: [{ name: 'calc__evaluate', arguments: '{"expression":"1234567 * 7654321"}' }] }, {
      truncateAfterChunks: 3,
      latency: 20,
    });
    always('hang-up', { content: TEXT }, { streamingProfile: { ttft: 10, tps: 20 }, disconnectAfterMs: 150 });
    always('gone', { content: TEXT }, { chaos: { disconnectRate: 1 } });
    always('nonsense', { content: TEXT }, { chaos: { malformedRate: 1 } });
    return await this.#mock.start();
  }

  stop() {
    return this.#mock.stop();
  }

  /** The requests for `model` whose last message is `content`, oldest first: `{ at, status, request }`. */
  requests(model, content) {
    return this.#mock
      .getRequests()
      .filter(({ body }) => body?.model === model && last(body) === content)
      .map(({ timestamp, response, body }) => ({ at: timestamp, status: response.status, request: body }));
  }

  /** The values that the header `name` had in all requests so far. */
  values(name) {
    return [...new Set(this.#headers.map((headers) => headers[name]).filter(Boolean))];
  }

  #on(name, answer, options) {
    const response = (request) => {
      const key = `${request.model} ${last(request)}`;
      const times = (this.#asked.get(key) ?? 0) + 1;
      this.#asked.set(key, times);
      return answer(times, request.model);
    };
    this.#mock.on({ predicate: (request) => named(request) === name }, response, options);
  }
}

/** The text of a message. */
export function text({ content }) {
  return typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join('');
}

function last(request) {
  return text(request.messages?.findLast((message) => message.role === 'user') ?? {});
}

/** What the last message of a person asks for: its first word. */
function named(request) {
  return last(request).split(' ')[0];
}
