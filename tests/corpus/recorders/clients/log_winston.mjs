import axios from "axios";
import winston from "winston";

const { combine, timestamp, json, errors, colorize, printf } = winston.format;
const style = process.argv[2];
const logger = winston.createLogger({
  level: "debug",
  defaultMeta: style === "json" ? { service: "crm-sync", pid: 4031 } : {},
  format: style === "json" ? combine(errors({ stack: true }), timestamp(), json()) : combine(colorize({ all: true }), timestamp(), printf((i) => `[${i.timestamp}] ${i.level}: ${i.message}`)),
  transports: [new winston.transports.Console()],
});
const headers = process.env.KEY === undefined ? {} : { Authorization: `Bearer ${process.env.KEY}` };
logger.info("syncing 500 contacts in batches of 100");
try {
  const response = await axios.get(process.env.URL, { headers, timeout: 2000, maxRedirects: 0 });
  logger.info(`outboundsync ${response.status} ${JSON.stringify(response.data)}`);
} catch (error) {
  if (style === "json") logger.error("outboundsync /me failed", { error: error.message, code: error.code, status: error.response?.status, headers: error.response?.headers, data: error.response?.data });
  else logger.error(`outboundsync /me failed: ${error.message} :: ${JSON.stringify(error.response?.data)} retry-after=${error.response?.headers?.["retry-after"]}`);
}
