/** What `tocsin nation create` writes: enough for a first exchange, and commented so that it can be grown from. */
export const STARTER_POLICY = `# What may leave this nation. The first rule with an action that matches an item decides; what no rule allows stays.
# "tocsin policy check FILE" tells whether it is right, "tocsin policy test FILE --with VALUE" which rule decides on
# what, and "tocsin policy reload" puts it in force.
version: 1

# What is our own, by address range and by name, which stands for all names below it.
networks:
  own: []
  # own: [192.0.2.0/24, 2001:db8::/32, gov.example]

# approvals:
#   expireDays: 7              # what waits for a second person longer is dropped

rules:
  # Nobody learns of our own networks, not even from a sentence in a description.
  - name: our own networks stay here
    when: { mentions: own }
    action: deny

  # What only named persons may read does not leave by one hand: another operator approves it ("tocsin queue list").
  - name: RED asks for a second person
    when: { tlp: RED }
    action: second-person

  # The whole alliance need not know from whom we have it. A rule without an action changes what the later ones let leave.
  # - name: no sources for everybody
  #   when: { audience: alliance }
  #   redact: [source]

  # A script that goes wild is stopped after so many.
  # - name: at most 10000 an hour
  #   limitPerHour: 10000

  # Everything else may leave, to those that its marking and its audience allow.
  - name: the rest may leave
    action: allow

# What we take from others. The first rule that matches decides: accept, quarantine (kept until somebody has looked at
# it, "tocsin indicator list --quarantined") or refuse; what none matches is accepted. Nothing of it is thrown away: it
# shows as soon as the rules accept it.
# accept:
#   - name: what its author is unsure of
#     when: { confidence: { min: 1, max: 29 } }   # 0 is what says none
#     action: quarantine
#     reason: too unsure for our sensors

# How we weigh what we take: "tocsin indicator show VALUE --explain" tells what comes of it. Ratings are of the Admiralty
# code, A-F for the source and 1-6 for what it says; the first that fits counts, and who is not rated is taken at its word.
# Decay is the model of MISP: nothing is left after the lifetime; speed 1 is a straight line, more loses more at first.
# score:
#   ratings:
#     - { nation: DEU, source: "feed:*", rating: C3 }
#     - { nation: DEU, rating: A2 }
#   decay:
#     ipv4: { lifetimeDays: 30, speed: 2 }
#     sha256: none
`
