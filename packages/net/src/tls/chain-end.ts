import type { X509Certificate } from 'node:crypto'

/** Certificates between one and its authority are at most so many. */
export const longestChain = 8

/**
 * The certificate with which a chain ends first: the node's own, one between, or its authority. Of several chains the one
 * that lasts longest counts. Signatures are not looked at.
 *
 * @param between - those that the certificate was shown with
 * @returns `certificate` itself where nobody is known who has issued it
 */
export function firstToExpire(
  certificate: X509Certificate,
  between: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  atMost: number = longestChain,
): X509Certificate {
  const issued = (issuer: X509Certificate): boolean => certificate.checkIssued(issuer)
  const chains = [
    ...authorities.filter(issued),
    ...(atMost === 0 ? [] : between.filter(issued)).map((issuer) =>
      firstToExpire(issuer, between, authorities, atMost - 1),
    ),
  ]
  const [longest = certificate] = chains.toSorted((left, right) => endOf(right) - endOf(left))
  return endOf(longest) < endOf(certificate) ? longest : certificate
}

/** What a certificate of a peer was shown with, as far as it was. */
export function shownWith(certificate: X509Certificate): readonly X509Certificate[] {
  const shown: X509Certificate[] = []
  let { issuerCertificate } = certificate
  while (issuerCertificate !== undefined && shown.length < longestChain) {
    shown.push(issuerCertificate)
    ;({ issuerCertificate } = issuerCertificate)
  }
  return shown
}

function endOf({ validToDate }: X509Certificate): number {
  return validToDate.getTime()
}
