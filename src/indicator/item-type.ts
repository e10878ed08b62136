/** What an Item holds, as its number on the wire. */
export const ITEM = {
  INDICATOR: 1,
  SIGHTING: 2,
  WITHDRAWAL: 3,
  OPINION: 4,
  STIX_OBJECT: 5,
  GROUP: 6,
  INCIDENT: 7,
  REQUEST: 8,
  ACKNOWLEDGEMENT: 9,
} as const
