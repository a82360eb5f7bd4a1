// A push service of web-push-testing, on loopback only, for as long as whoever started it lives.

const Service = require("web-push-testing/src/server.js");
const { PushApiModel } = require("web-push-testing/src/PushApiModel.js");

const model = new PushApiModel();
const service = new Service(model, 0);
service.setRequestHandlers();
const server = service._app.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  model.notifyUrl = `${url}/notify/`;
  console.log(url);
});
process.stdin.on("end", () => process.exit()).resume();
