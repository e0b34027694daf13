import type { JsonObject } from '../../../lib/json.ts';
import { isBlank, refuse } from './checking.ts';
import type { Checking } from './checking.ts';
import { readInteger, readNumber, readText } from './read-scalars.ts';

/**
 * Puts price, quantity and revenue into the body. With a price, the quantity is 1 unless it is told; when all three
 * are told, revenue is price × quantity. What describes a purchase is left off an event that has neither a price
 * nor revenue.
 */
export function readRevenue(output: JsonObject, body: JsonObject, checking: Checking): void {
  const price = readNumber(output['price'], 'price', checking);
  const quantity =
    readInteger(output['quantity'], 'quantity', checking) ?? (price === undefined ? undefined : 1);
  const revenue = readNumber(output['revenue'], 'revenue', checking);
  if (price !== undefined) body['price'] = price;
  if (quantity !== undefined) body['quantity'] = quantity;
  if (revenue !== undefined) {
    body['revenue'] = price === undefined || quantity === undefined ? revenue : price * quantity;
  }
  if (price !== undefined || revenue !== undefined) readPurchase(output, body, checking);
}

function readPurchase(output: JsonObject, body: JsonObject, checking: Checking): void {
  for (const name of ['productId', 'revenueType'] as const) {
    const text = readText(output[name], name, checking);
    if (text !== undefined) body[name] = text;
  }
  const currency = output['currency'];
  if (isBlank(currency)) return;
  if (typeof currency === 'string' && /^[A-Za-z]{3}$/.test(currency))
    body['currency'] = currency.toUpperCase();
  else refuse(checking, 'currency', currency, 'is no currency of ISO 4217: map three letters, e.g. "USD"');
}
