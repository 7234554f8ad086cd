// The official TypeScript SDK, 2.x; the third argument is the negotiation mode, `auto` or `legacy`.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { explore, serverParameters } from "./report.mjs";

const home = `${process.argv[3]}/@modelcontextprotocol/client`;
const load = (name) => import(pathToFileURL(`${home}/dist/${name}.mjs`));
const { Client, DEFAULT_REQUEST_TIMEOUT_MSEC } = await load("index");
const { StdioClientTransport } = await load("stdio");

const client = new Client({ name: "proof", version: "1" }, { versionNegotiation: { mode: process.argv[4] } });
await client.connect(new StdioClientTransport(serverParameters()));
const report = await explore(client, (params, onprogress) => client.callTool(params, { onprogress }));
const { version } = JSON.parse(readFileSync(`${home}/package.json`));
const timeout = `${DEFAULT_REQUEST_TIMEOUT_MSEC / 1000} s`;
const protocol = client.getNegotiatedProtocolVersion();
console.log(JSON.stringify({ client: "TypeScript SDK 2", version, protocol, timeout, ...report }));
await client.close();
