// By the official SDK for JavaScript: genai.mjs WORKLOAD URL COUNT FILE. Prints what gemini.lua prints.
import { GoogleGenAI } from "@google/genai";

const [, , workload, baseUrl, number, file] = process.argv;
const { models, files } = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl } });

const stream = model => models.generateContentStream({ model, contents: "Why is the sky blue?" });

async function read(model, events) {
  let count = 0, bytes = 0;
  for await (const chunk of await stream(model)) {
    count++;
    bytes += chunk.text.length;
  }
  if (count !== events) throw new Error("an event is missing");
  return bytes;
}

const workloads = {
  startup: async () => 0,

  async unary(count) {
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const reply = await models.generateContent({ model: "gemini-2.5-flash", contents: "Why is the sky blue?" });
      bytes += reply.text.length;
    }
    return bytes;
  },

  stream: count => read(`events-${count}`, count),

  async many(count) {
    const all = Array.from({ length: count }, () => read(`together-${count}-50`, 50));
    return (await Promise.all(all)).reduce((sum, bytes) => sum + bytes, 0);
  },

  async first(count) {
    const delays = [];
    for (let i = 0; i < count; i++)
      for await (const chunk of await stream("clock"))
        delays.push(performance.timeOrigin + performance.now() - 1000 * Number(chunk.text));
    if (delays.length !== count) throw new Error("an event is missing");
    delays.sort((a, b) => a - b);
    return `${count} ${(1000 * delays[Math.ceil(count / 2) - 1]).toFixed(1)}`;
  },

  async embeddings(count) {
    let floats = 0;
    for (let i = 0; i < count; i++) {
      const contents = Array.from({ length: 100 }, (_, j) => `Text ${j + 1}`);
      const reply = await models.embedContent({ model: "gemini-embedding-001", contents });
      for (const embedding of reply.embeddings) floats += embedding.values.length;
    }
    return floats;
  },

  async image(count) {
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const reply = await models.generateContent({ model: "gemini-2.5-flash-image", contents: "Paint the sky." });
      bytes += Buffer.from(reply.candidates[0].content.parts[0].inlineData.data, "base64").length;
    }
    return bytes;
  },

  upload: async () => (await files.upload({ file, config: { mimeType: "application/octet-stream" } })).sizeBytes,
};

console.log(await workloads[workload](Number(number)));
