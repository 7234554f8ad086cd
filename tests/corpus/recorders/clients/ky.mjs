import ky from "ky";

const style = process.argv[2];
const headers = process.env.KEY === undefined ? {} : { authorization: `Bearer ${process.env.KEY}` };
const call = () => ky(process.env.URL, { headers, timeout: 2000, retry: 0, redirect: "manual" }).json();

if (style === "throw") {
  console.log(await call());
} else {
  try {
    console.log(await call());
  } catch (error) {
    console.error(error.name + ":", error.message);
    if (error.response) console.error(error.response.headers.get("retry-after"), error.data ?? (await error.response.text().catch(() => "")));
  }
}
