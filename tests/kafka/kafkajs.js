// SPDX-License-Identifier: GPL-2.0-or-later
// usage: kafkajs.js BOOTSTRAP TLS-FOLDER produce TOPIC FILE
//        kafkajs.js BOOTSTRAP TLS-FOLDER consume TOPIC RECORDS
//        kafkajs.js BOOTSTRAP TLS-FOLDER list
// CERTIFICATE in the environment is the client's, by default payments.
// One line is one record. The consumer stays connected when it has them all,
// until SIGTERM.
'use strict';

const fs = require('fs');
const readline = require('readline');
const { Kafka, logLevel } = require('kafkajs');

const [bootstrap, tls, what, topic, last] = process.argv.slice(2);
const name = process.env.CERTIFICATE || 'payments';
const kafka = new Kafka({
	clientId: 'kafkajs',
	brokers: [bootstrap],
	// What counts is thrown. The rest, such as a topic that the broker is
	// just about to create, is tried again.
	logLevel: logLevel.NOTHING,
	// The broker is emulated.
	connectionTimeout: 60000,
	requestTimeout: 60000,
	retry: what === 'list' ? { retries: 0 } : {},
	ssl: {
		ca: [fs.readFileSync(`${tls}/ca.crt`)],
		cert: fs.readFileSync(`${tls}/${name}.crt`),
		key: fs.readFileSync(`${tls}/${name}.key`),
	},
});

async function produce() {
	const producer = kafka.producer();
	let messages = [];
	let sent = 0;

	async function flush() {
		await producer.send({ topic, messages });
		sent += messages.length;
		messages = [];
	}

	await producer.connect();
	// Not before: lines that come while nobody iterates are lost.
	const lines = readline.createInterface({
		input: fs.createReadStream(last),
	});
	for await (const value of lines) {
		messages.push({ value });
		if (messages.length === 500)
			await flush();
	}
	if (messages.length)
		await flush();
	await producer.disconnect();
	console.log(`${sent} records sent`);
}

async function consume() {
	const consumer = kafka.consumer({
		groupId: `kafkajs-${topic}`,
		// From the broker in one go: that is where sendfile pays.
		maxBytesPerPartition: 4 * 1024 * 1024,
	});
	let left = Number(last);

	process.once('SIGTERM', async () => {
		await consumer.disconnect();
		process.exit(left > 0 ? 1 : 0);
	});
	await consumer.connect();
	await consumer.subscribe({ topics: [topic], fromBeginning: true });
	await consumer.run({
		eachBatch: async ({ batch }) => {
			const text = batch.messages.map((m) => `${m.value}\n`);

			fs.writeFileSync(1, text.join(''));
			left -= batch.messages.length;
		},
	});
}

async function list() {
	const admin = kafka.admin();

	await admin.connect();
	console.log(`topics ${await admin.listTopics()}`);
	await admin.disconnect();
}

const job = { produce, consume, list }[what];

job().catch((error) => {
	console.error(`kafkajs: ${error.message}`);
	process.exit(1);
});
