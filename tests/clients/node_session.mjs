// An application of AWS's SDK for JavaScript and of ElectroDB at work: what it is to do on standard input, what came of
// each step on standard output.
// usage: node node_session.mjs DIRECTORY, where DIRECTORY/node_modules holds the packages
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'

const require = createRequire(resolve(process.argv[2], 'package.json'))
const { CloudWatchClient, DescribeAlarmsCommand } = require('@aws-sdk/client-cloudwatch')
const { DynamoDBClient } = require('@aws-sdk/client-dynamodb')
const lib = require('@aws-sdk/lib-dynamodb')
const { Entity } = require('electrodb')

const given = JSON.parse(await text(process.stdin))
const { table, index, user, group, message, created } = given
const messages = `MSG#${group}`
const rows = `GRP#${user}`
const facts = {}

// every request stays on this machine: one to another host fails, and the step tells which
function staying(client) {
  client.middlewareStack.add((next) => (args) => {
    const host = args.request.hostname
    if (host !== '127.0.0.1') throw new Error(`would go to ${host}`)
    return next(args)
  }, { step: 'finalizeRequest', name: 'staying', priority: 'low' })
  return client
}

const documents = (configuration) => lib.DynamoDBDocumentClient.from(staying(new DynamoDBClient(configuration)))

async function step(name, work) {
  try {
    facts[name] = await work()
  } catch (error) {
    facts[name] = `${error.name}: ${error.message}`
  }
}

async function rowSaying(client, said) {
  for (const until = Date.now() + 20_000; Date.now() < until; ) {
    const { Item } = await client.send(new lib.GetCommand({ TableName: table, Key: { pk: rows, sk: group } }))
    if (Item?.last_message === said) return Item.last_message
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error('the row has not followed')
}

async function patterns(client) {
  const query = (values) => new lib.QueryCommand({ TableName: table, KeyConditionExpression: 'pk = :p', ...values })
  await step('create a conversation in a transaction', async () => {
    const writes = given.items.map((Item) => ({
      Put: { TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' },
    }))
    await client.send(new lib.TransactWriteCommand({ TransactItems: writes }))
    return writes.length
  })
  await step('create it again', () => client.send(new lib.TransactWriteCommand({
    TransactItems: [{ Put: { TableName: table, Item: given.items[0], ConditionExpression: 'attribute_not_exists(pk)' } }],
  })))
  await step('post a message', async () => {
    await client.send(new lib.PutCommand({ TableName: table, Item: message, ConditionExpression: 'attribute_not_exists(pk)' }))
    return message.message
  })
  await step('the row shows it', () => rowSaying(client, message.message))
  await step('list messages, newest first', async () => {
    const { Items } = await client.send(query({ ExpressionAttributeValues: { ':p': messages }, ScanIndexForward: false }))
    return Items.map((item) => item.message)
  })
  await step('list messages page by page', async () => {
    const pages = lib.paginateQuery({ client, pageSize: 1 }, query({ ExpressionAttributeValues: { ':p': messages } }).input)
    const counts = []
    for await (const page of pages) counts.push(page.Count)
    return counts.filter((count) => count > 0)
  })
  await step('list conversations of the index', async () => {
    const { Count } = await client.send(query({ IndexName: index, ExpressionAttributeValues: { ':p': rows } }))
    return Count
  })
  await step('set the read marker', async () => {
    const { Attributes } = await client.send(new lib.UpdateCommand({
      TableName: table,
      Key: { pk: rows, sk: `READ#${group}` },
      UpdateExpression: 'SET read_to = :to',
      ConditionExpression: 'attribute_not_exists(read_to) OR read_to < :to',
      ExpressionAttributeValues: { ':to': created },
      ReturnValues: 'ALL_NEW',
    }))
    return Attributes.read_to === created
  })
  await step('set it back', () => client.send(new lib.UpdateCommand({
    TableName: table,
    Key: { pk: rows, sk: `READ#${group}` },
    UpdateExpression: 'SET read_to = :to',
    ConditionExpression: 'read_to < :to',
    ExpressionAttributeValues: { ':to': created },
  })))
  await step('read group and row in a batch', async () => {
    const Keys = [{ pk: `META#${group}`, sk: 'META' }, { pk: rows, sk: group }, { pk: rows, sk: 'absent' }]
    const { Responses } = await client.send(new lib.BatchGetCommand({ RequestItems: { [table]: { Keys } } }))
    return Responses[table].length
  })
  await step('read names of members in a transaction', async () => {
    const Get = { TableName: table, Key: { pk: `META#${group}`, sk: 'META' }, ProjectionExpression: 'members[0].handle' }
    const { Responses } = await client.send(new lib.TransactGetCommand({ TransactItems: [{ Get }] }))
    return Responses[0].Item
  })
  await step('update only a key', async () => {
    await client.send(new lib.UpdateCommand({ TableName: table, Key: { pk: rows, sk: `READ#${group}` } }))
    return 'ok'
  })
  await step('scan', () => client.send(new lib.ScanCommand({ TableName: table })))
  await step('delete in a batch', () => client.send(new lib.BatchWriteCommand({
    RequestItems: { [table]: [{ DeleteRequest: { Key: { pk: rows, sk: group } } }] },
  })))
}

async function entities(client) {
  const Message = new Entity({
    model: { entity: 'message', version: '1', service: 'direct' },
    attributes: {
      group: { type: 'string', required: true },
      created: { type: 'string', required: true },
      message_uuid: { type: 'string', required: true },
      message: { type: 'string', required: true },
      user_uuid: { type: 'string', required: true },
      reactions: { type: 'map', properties: { heart: { type: 'number' } } },
    },
    indexes: {
      of: {
        pk: { field: 'pk', composite: ['group'], template: 'MSG#${group}', casing: 'none' },
        sk: { field: 'sk', composite: ['created'], template: '${created}', casing: 'none' },
      },
    },
  }, { client, table })
  const key = { group: `${group}-e`, created }
  const item = { ...key, message_uuid: 'e', message: 'by an entity', user_uuid: user, reactions: { heart: 1 } }
  await step('entity: create', async () => (await Message.create(item).go()).data.message)
  await step('entity: create again', async () => (await Message.create(item).go()).data)
  await step('entity: get', async () => (await Message.get(key).go()).data.reactions)
  await step('entity: query', async () => (await Message.query.of({ group: key.group }).lte({ created }).go()).data.length)
  await step('entity: patch', async () => (await Message.patch(key).add({ 'reactions.heart': 1 }).go({ response: 'all_new' })).data.reactions)
  await step('entity: where', async () => (
    await Message.query.of({ group: key.group }).where(({ message }, { contains }) => contains(message, 'entity')).go()
  ).data.length)
  await step('entity: cursor', async () => typeof (await Message.query.of({ group: key.group }).go({ limit: 1 })).cursor)
}

// as `tableguard up` has it exported, then with less than that
await patterns(documents({}))
await entities(documents({}))
await step('alarms', async () => {
  const client = staying(new CloudWatchClient({ profile: 'administrator' }))
  return (await client.send(new DescribeAlarmsCommand({ MaxRecords: 2 }))).MetricAlarms.length
})
const get = () => new lib.GetCommand({ TableName: table, Key: { pk: rows, sk: 'absent' } })
const reaches = async (configuration) => (await documents(configuration).send(get())).$metadata.httpStatusCode
const endpoint = process.env.AWS_ENDPOINT_URL
delete process.env.AWS_ENDPOINT_URL
await step('profile of the environment alone', () => reaches({}))
delete process.env.AWS_PROFILE
await step('profile named in code alone', () => reaches({ profile: 'application' }))
process.env.AWS_ENDPOINT_URL = endpoint
await step('profile named in code, and AWS_ENDPOINT_URL', () => reaches({ profile: 'application' }))
process.stdout.write(JSON.stringify(facts))
