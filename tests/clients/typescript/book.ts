// Books the first free start of a business's first service, and finds that nobody else can have it.
// `schema.d.ts` beside it is generated from the OpenAPI document.
import createClient from "openapi-fetch"
import type { components, paths } from "./schema.d.ts"

declare const process: { env: { ADDRESS: string; TOKEN: string; BUSINESS_HOST: string } }

const { ADDRESS, TOKEN, BUSINESS_HOST } = process.env
const client = createClient<paths>({
  baseUrl: ADDRESS,
  headers: { Authorization: `Bearer ${TOKEN}`, "X-Forwarded-Host": BUSINESS_HOST },
})

function found<T>(answer: { data?: T; error?: components["schemas"]["Problem"] }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail)
  return answer.data
}

const [service] = found(await client.GET("/api/v1/services")).items
if (service === undefined) throw new Error("no service")
const now = Math.floor(Date.now() / 1000)
const at = (seconds: number): string => new Date(seconds * 1000).toISOString()
const query = { service_id: service.id, start: at(now), end: at(now + 7 * 24 * 3600) }
const [free] = found(await client.GET("/api/v1/availability", { params: { query } })).slots
if (free === undefined) throw new Error("nothing is free")
const customer = found(await client.POST("/api/v1/customers", { body: { name: "Grace Hopper" } }))

const body = { service_id: service.id, customer_id: customer.id, start: free.start }
const booked: components["schemas"]["AppointmentRead"] = found(await client.POST("/api/v1/appointments", { body }))
if (booked.start !== free.start) throw new Error(`booked ${booked.start}`)

const { error } = await client.POST("/api/v1/appointments", { body })
if (error?.code !== "slot-taken") throw new Error(`refused with ${error?.code}`)
console.log(booked.id)
