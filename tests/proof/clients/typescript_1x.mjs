// The official TypeScript SDK, 1.x.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { explore, serverParameters } from "./report.mjs";

const resolve = createRequire(`${process.argv[3]}/`).resolve;
const load = (name) => import(pathToFileURL(resolve(`@modelcontextprotocol/sdk/${name}`)));
const { Client } = await load("client/index.js");
const { StdioClientTransport } = await load("client/stdio.js");
const { DEFAULT_REQUEST_TIMEOUT_MSEC } = await load("shared/protocol.js");

const client = new Client({ name: "proof", version: "1" });
const transport = new StdioClientTransport(serverParameters());
let protocol;
transport.setProtocolVersion = (version) => (protocol = version);
await client.connect(transport);
const report = await explore(client, (params, onprogress) => client.callTool(params, undefined, { onprogress }));
const { version } = JSON.parse(readFileSync(`${process.argv[3]}/@modelcontextprotocol/sdk/package.json`));
const timeout = `${DEFAULT_REQUEST_TIMEOUT_MSEC / 1000} s`;
console.log(JSON.stringify({ client: "TypeScript SDK 1", version, protocol, timeout, ...report }));
await client.close();
