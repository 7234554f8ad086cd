// What a client reports, in one shape for all of them.

export const CALLS = [
  ["success", "get_me", {}],
  ["failure", "get_me", {}],
  ["retried", "get_me", { max_wait_seconds: 30 }],
  ["diagnosed", "diagnose_error", { status: 403 }],
  ["undiagnosed", "diagnose_error", { text: "nothing to see here" }],
];
export const PROMPT = { name: "add_retry_handling", arguments: { language: "Python" } };
export const RESOURCE = { uri: "outboundsync://errors" };

export function serverParameters() {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("OUTBOUNDSYNC_")));
  return { command: process.argv[2], args: ["-m", "outboundsync_mcp"], env };
}

export function seen(result) {
  const kinds = result.content.map((block) => JSON.parse(block.text).kind);
  return {
    text: kinds[0] ?? null,
    structured: result.structuredContent?.kind ?? null,
    error: result.isError ?? false,
    exception: null,
  };
}

// Everything that is listed, and the five calls; `call` is the SDK's own callTool with a progress listener.
export async function explore(client, call) {
  const report = {
    tools: (await client.listTools()).tools.map((tool) => tool.name),
    prompts: (await client.listPrompts()).prompts.map((prompt) => prompt.name),
    resources: (await client.listResources()).resources.map((resource) => resource.uri),
    progress: 0,
  };
  const prompt = await client.getPrompt(PROMPT);
  const page = await client.readResource(RESOURCE);
  report.read = prompt.messages.length > 0 && page.contents.length > 0;
  for (const [label, name, args] of CALLS) {
    report[label] = seen(await call({ name, arguments: args }, () => report.progress++));
  }
  return report;
}
