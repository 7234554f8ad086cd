import got from "got";

const style = process.argv[2];
const headers = process.env.KEY === undefined ? {} : { authorization: `Bearer ${process.env.KEY}` };
const call = () => got(process.env.URL, { headers, timeout: { request: 2000 }, retry: { limit: 0 }, followRedirect: false }).json();

if (style === "throw") {
  console.log(await call());
} else {
  try {
    console.log(await call());
  } catch (error) {
    console.error(`${error.name} ${error.code}: ${error.message}`);
    console.error(error.response?.headers, error.response?.rawBody?.toString() ?? error.response?.body);
  }
}
