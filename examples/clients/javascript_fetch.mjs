// Ask OutboundSync who an API key belongs to, and follow its retry guidance: one retry after a 429, no more.

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

const TIMEOUT = 15; // seconds, for each request
const LONGEST_WAIT = 120; // seconds worth blocking for

const ADVICE = {
  401: "check the header Authorization: Bearer osapi_... and the key in OUTBOUNDSYNC_API_KEY; rotate it if needed",
  403: "an admin has to enable API access for the CRM connection in OutboundSync; rotating the key does not help",
  429: "still rate limited after one retry; try again in a minute",
};
const FAILED = "OutboundSync failed; try again later, and write to service@outboundsync.com if it repeats";
const CHECK = "check OUTBOUNDSYNC_BASE_URL and the network";
const UNEXPECTED = `not an answer of the OutboundSync API; ${CHECK}`;

/** What went wrong, in one sentence without the key. */
class OutboundSyncError extends Error {}

/** The key's account, scopes and connections. */
async function getMe(baseUrl, key) {
  let response = await ask(baseUrl, key);
  if (response.status === 429) {
    await sleep(secondsToWait(response.headers) * 1000);
    response = await ask(baseUrl, key); // the one retry
  }
  const { status } = response;
  if (status !== 200) {
    throw new OutboundSyncError(`HTTP ${status}: ${ADVICE[status] ?? (status >= 500 ? FAILED : UNEXPECTED)}.`);
  }
  const text = await response.text();
  try {
    const body = JSON.parse(text);
    if (body.account && body.apiKey && body.connections) return body;
  } catch {
    // Not JSON: the same failure as JSON of another shape.
  }
  throw new OutboundSyncError(`HTTP 200: ${UNEXPECTED}.`);
}

function ask(baseUrl, key) {
  return fetch(`${baseUrl.replace(/\/+$/, "")}/api/v1/me`, {
    headers: { Authorization: `Bearer ${key}`, Accept: "application/json" },
    redirect: "manual", // following one could carry the key to another host
    signal: AbortSignal.timeout(TIMEOUT * 1000),
  });
}

/** Retry-After, which is a number of seconds or an HTTP date; 60 when it is missing or unreadable. */
function secondsToWait(headers) {
  const value = headers.get("Retry-After") ?? "";
  let seconds = NaN;
  if (/^[0-9]{1,9}(\.[0-9]+)?$/.test(value)) {
    seconds = Number(value);
  } else if (value.endsWith(" GMT")) {
    const now = headers.has("Date") ? Date.parse(headers.get("Date")) : Date.now();
    seconds = (Date.parse(value) - now) / 1000;
  }
  if (Number.isNaN(seconds)) seconds = 60;
  if (seconds > LONGEST_WAIT) {
    throw new OutboundSyncError(`HTTP 429: rate limited; try again in ${Math.ceil(seconds)} seconds.`);
  }
  return Math.max(1, seconds);
}

const key = (process.env.OUTBOUNDSYNC_API_KEY ?? "").trim();
const baseUrl = process.env.OUTBOUNDSYNC_BASE_URL || "https://app.outboundsync.com";
try {
  // Never send what may be another vendor's key.
  if (!/^osapi_[A-Za-z0-9._~+/=-]+$/.test(key)) {
    throw new OutboundSyncError("OUTBOUNDSYNC_API_KEY must hold an OutboundSync API key, which starts with osapi_.");
  }
  console.log(JSON.stringify(await getMe(baseUrl, key), null, 2));
} catch (error) {
  // The name or code alone: an error's text or its stack can quote the request.
  const reason = error.cause?.code ?? error.name;
  console.error(
    error instanceof OutboundSyncError
      ? error.message
      : `OutboundSync gave no usable answer (${reason}); ${CHECK}.`,
  );
  process.exitCode = 1;
}
