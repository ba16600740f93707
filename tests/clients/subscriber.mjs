import { Subscriber } from "zeromq";

const socket = new Subscriber();
socket.connect("tcp://127.0.0.1:5560");
socket.subscribe("window/");
for await (const [topic, message] of socket) {
  const window = JSON.parse(message);
  console.log(window.stream, window.end, window.label, window.probability);
}
