const superagent = require("superagent");

const style = process.argv[2];
let call = superagent.get(process.env.URL).timeout(2000).redirects(0);
if (process.env.KEY !== undefined) call = call.set("Authorization", `Bearer ${process.env.KEY}`);
call.then(
  (response) => console.log(response.status, response.body),
  (error) => {
    if (style === "dump") console.error(error);
    else console.error(error.status, error.message, error.response && error.response.text, error.response && error.response.headers["retry-after"]);
    process.exitCode = 1;
  },
);
