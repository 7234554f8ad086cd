import axios from "axios";
import pino from "pino";

const style = process.argv[2];
const log = pino({ name: "crm-worker", redact: style === "redact" ? ["err.config.headers.Authorization", "headers.authorization"] : [] });
const headers = process.env.KEY === undefined ? {} : { Authorization: `Bearer ${process.env.KEY}` };
log.info({ port: 3000, queue: "sync", pending: 429 }, "worker ready");
try {
  const response = await axios.get(process.env.URL, { headers, timeout: 2000, maxRedirects: 0 });
  log.info({ status: response.status, data: response.data }, "me ok");
} catch (err) {
  if (style === "short") log.error({ statusCode: err.response?.status, code: err.code, retryAfter: err.response?.headers["retry-after"], body: err.response?.data, responseTime: 502 }, err.message);
  else log.error(err, "outboundsync request failed");
}
