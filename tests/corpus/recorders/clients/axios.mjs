import axios from "axios";

const style = process.argv[2];
const headers = process.env.KEY === undefined ? {} : { Authorization: `Bearer ${process.env.KEY}` };
const call = () => axios.get(process.env.URL, { headers, timeout: 2000, maxRedirects: 0, proxy: undefined });

if (style === "dump") {
  console.log((await call()).data.account);
} else {
  try {
    const response = await call();
    if (style === "response") console.log(response.status, response.data);
  } catch (error) {
    if (style === "message") console.error("OutboundSync request failed:", error.message, error.response?.data);
    if (style === "json") console.error(JSON.stringify(error.toJSON ? error.toJSON() : error));
    if (style === "parts") console.error({ status: error.response?.status, headers: { ...error.response?.headers }, data: error.response?.data, code: error.code });
    if (style === "only") console.error(String(error));
    if (style === "stack") console.error(error.stack);
  }
}
