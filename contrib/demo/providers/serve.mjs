// One HTTP server on loopback for one fake. A fake is
//   { name, kind(call): what sort of call it is ("token", ...), answer(call), changed?(answer, at, call), actions }
// with call = { request, response, url, form, text }. What goes out passes through changed() and the control's faults.
import { createServer } from 'node:http';
import { Control } from './control.mjs';

const BODY_LIMIT = 1024 * 1024;

async function read(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > BODY_LIMIT) throw new Error('the request is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** Holds the answer of whoever answers back until it is whole; then(body) sends it with send(body). */
function hold(response, then) {
  const parts = [];
  const end = response.end.bind(response);
  const keep = (part) => {
    if (part && typeof part !== 'function') parts.push(Buffer.from(part));
    return true;
  };
  const head = response.writeHead.bind(response);
  response.writeHead = (status, headers = {}) => {
    response.statusCode = status;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    return response;
  };
  response.write = keep;
  response.end = (part) => {
    keep(part);
    then(Buffer.concat(parts), (status, headers, body) => {
      for (const name of response.getHeaderNames()) response.removeHeader(name);
      head(status, { ...headers, 'content-length': body.length });
      end(body);
    });
    return response;
  };
}

const leaves = (location, origin) => /^https?:/.test(location ?? '') && new URL(location).origin !== origin;

function finish(fake, at, call, body, send) {
  const { response, url } = call;
  let answer = { status: response.statusCode, headers: { ...response.getHeaders() }, body };
  const sort = leaves(answer.headers.location, url.origin) ? 'back' : at;
  answer = fake.control.changed(sort, fake.changed?.(answer, sort, call) ?? answer);
  if (answer) send(answer.status, answer.headers, answer.body);
  else response.destroy();
}

async function serveCall(fake, request, response) {
  const url = new URL(request.url, fake.url);
  const text = await read(request);
  if (/^\/control(\/|$)/.test(url.pathname)) return fake.control.answer(request, response, url.pathname, text);
  const form = new URLSearchParams(request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ? text : '');
  const call = { request, response, url, form, text };
  const at = fake.kind(call);
  // A page that is posted isn't another request for one.
  fake.control.note(at === 'authorize' && request.method === 'POST' ? 'page' : at, request, url, form);
  if (await fake.control.instead(at, response)) return;
  hold(response, (body, send) => finish(fake, at, call, body, send));
  await fake.answer(call, at);
}

function listen(server, port, host) {
  return new Promise((resolve, reject) => server.once('error', reject).listen(port, host, () => resolve(server.address().port)));
}

/** make(url, control) gives the fake, or promises it; its address is told by the port that it got. */
export async function serve(make, port) {
  let fake;
  const server = createServer((request, response) => serveCall(fake, request, response).catch((error) => {
    console.error(error);
    response.destroy();
  }));
  // A caller that is busy elsewhere for a while finds its connection still there, as with servers of the real ones.
  server.keepAliveTimeout = 120_000;
  const url = `http://localhost:${await listen(server, port, '127.0.0.1')}`;
  const control = new Control({});
  fake = Object.assign(await make(url, control), { url, control });
  Object.assign(control, { actions: fake.actions, known: fake.known });
  return fake;
}

/* --- what the handlers answer with --- */

export const sendJson = (response, value, status = 200, headers = {}) =>
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers })
    .end(JSON.stringify(value));

export const sendPage = (response, text, status = 200) =>
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(text);

/** The answer { status, headers, body } with its JSON changed. */
export function changeBody(answer, change) {
  const body = JSON.parse(answer.body);
  change(body);
  return { ...answer, body: Buffer.from(JSON.stringify(body)) };
}

/** Back to the client. */
export function sendBack(response, redirectUri, parameters, fragment = '') {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) if (value != null) url.searchParams.set(name, value);
  response.writeHead(302, { location: url.href + fragment }).end();
}

/** Clients of the tests are on this machine, on whatever port. */
export function isOurs(redirectUri) {
  try {
    return ['localhost', '127.0.0.1'].includes(new URL(redirectUri).hostname);
  } catch {
    return false;
  }
}
