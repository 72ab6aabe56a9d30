import { createHmac } from 'node:crypto';

// HubSpot decodes exactly these escapes before it signs; every other one stays as it is (developer docs, "Validating requests").
const ESCAPES = {
  '3a': ':',
  '2f': '/',
  '3f': '?',
  40: '@',
  21: '!',
  24: '$',
  27: "'",
  28: '(',
  29: ')',
  '2a': '*',
  '2c': ',',
  '3b': ';',
};

/** @param {string} uri */
export function decodeSigned(uri) {
  return uri.replace(
    /%([0-9a-f]{2})/gi,
    (whole, hex) => ESCAPES[/** @type {keyof typeof ESCAPES} */ (hex.toLowerCase())] ?? whole,
  );
}

/**
 * X-HubSpot-Signature-v3 of a request.
 *
 * @param {{ secret: string, method: string, uri: string, body: string, timestamp: string }} request uri is the public address, with the identity parameters
 */
export function signatureV3({ secret, method, uri, body, timestamp }) {
  return createHmac('sha256', secret)
    .update(method + decodeSigned(uri) + body + timestamp)
    .digest('base64');
}
