// Check OutboundSync access through the MCP server, and act on the answer. Official TypeScript client.
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import process from "node:process";

const LONGEST_WAIT = 120; // seconds that this program can spare for Retry-After: the server waits, and retries once
const TIMEOUT = 180_000; // milliseconds for the whole call: that wait, and two requests

interface Diagnosis {
  ok: boolean;
  kind: string; // stable, for programs
  cause: string;
  remediation: string[];
  who_fixes: "user" | "admin" | "agent" | "outboundsync" | "network" | "nobody";
  retryable: boolean;
  retry_at: string | null;
  me: object | null;
}

const WHO: Record<Diagnosis["who_fixes"], string> = {
  user: "You can mend it",
  admin: "Ask an admin of your OutboundSync account",
  agent: "This program has to mend it",
  outboundsync: "OutboundSync has to mend it",
  network: "Ask whoever runs your network",
  nobody: "Nothing is to be done",
};
const OUR_SETTINGS = ["missing_api_key", "malformed_api_key", "invalid_api_key", "bad_request"];

/** The same fields whether the call succeeded or not. */
async function getMe(): Promise<Diagnosis> {
  // A server over stdio gets no variable but those named here, so it sees no secrets of other programs.
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[0].startsWith("OUTBOUNDSYNC_")),
  );
  const client = new Client({ name: "outboundsync-example", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ command: "outboundsync-mcp", env }));
  try {
    const answer = await client.callTool(
      { name: "get_me", arguments: { max_wait_seconds: LONGEST_WAIT } },
      { timeout: TIMEOUT, onprogress: ({ message }) => console.error(message) },
    );
    return answer.structuredContent as unknown as Diagnosis;
  } finally {
    await client.close();
  }
}

/** Say what happens next, also to a scheduler: 0 works, 75 try later, 78 our settings are wrong, 1 all else. */
function actOn(diagnosis: Diagnosis): number {
  if (diagnosis.ok) {
    console.log(JSON.stringify(diagnosis.me, null, 2));
    return 0;
  }
  console.error(`${diagnosis.kind}: ${diagnosis.cause}`);
  // The same call can succeed with nothing changed.
  if (diagnosis.retryable) {
    console.error(`Try again ${diagnosis.retry_at ? `at ${diagnosis.retry_at}` : "later"}.`);
    return 75;
  }
  console.error([`${WHO[diagnosis.who_fixes]}:`, ...diagnosis.remediation].join("\n- "));
  return OUR_SETTINGS.includes(diagnosis.kind) ? 78 : 1;
}

process.exitCode = actOn(await getMe());
