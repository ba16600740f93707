import WebSocket from "ws";

const socket = new WebSocket("ws://127.0.0.1:8765/?rate=16000&format=s16le&stream=desk");
socket.on("close", (code, reason) => console.error(code, String(reason)));
await new Promise((opened) => socket.once("open", opened));
for await (const content of process.stdin) {
  await new Promise((sent) => socket.send(content, sent));
}
socket.close();
