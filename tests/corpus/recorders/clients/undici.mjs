import { request, Agent, setGlobalDispatcher } from "undici";

setGlobalDispatcher(new Agent({ connect: { timeout: 1500 }, headersTimeout: 1500, bodyTimeout: 1500 }));
const headers = process.env.KEY === undefined ? {} : { authorization: `Bearer ${process.env.KEY}` };
const { statusCode, headers: received, body } = await request(process.env.URL, { headers });
console.log("response received", statusCode);
console.log("headers", received);
console.log("data", await body.json());
