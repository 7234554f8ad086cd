const style = process.argv[2];
const headers = process.env.KEY === undefined ? {} : { Authorization: `Bearer ${process.env.KEY}` };

async function getMe() {
  const response = await fetch(process.env.URL, { headers, redirect: "manual", signal: AbortSignal.timeout(2500) });
  if (style === "response") {
    console.log(response);
    return;
  }
  if (style === "throw" && !response.ok) {
    throw new Error(`OutboundSync /me failed: ${response.status} ${response.statusText} ${await response.text()}`);
  }
  if (style === "entries") {
    console.log(response.status, Object.fromEntries(response.headers));
    console.log(await response.text());
    return;
  }
  console.log(await response.json());
}

if (style === "cause") {
  getMe().catch((error) => console.error(`sync failed: ${error.message}`, error.cause));
} else {
  await getMe();
}
