"""Questions that were written after the router was made and that it has never learned: how well it does on new ones.

As in agents.explainer.phrasings; the router's words, concepts and thresholds were not changed after a look at them.
"""

from __future__ import annotations

from agents.explainer.phrasings import read

TABLE = """
# why
what's the deal with SYM being this small | please can you explain me why SYM was reduced | SYM position - rationale?
how come SYM isn't bigger | wherefore the SYM sale | what motivated us to enter SYM | I'd love to know why SYM got cut
why do we still own SYM | why is SYM up in the book | reason SYM fell
# decision
can I get a summary of the cycle | what was the final decision | in brief please
tell me in plain English what was decided | decision overview | what's the upshot of this cycle
give me the main points
# changes
what got changed this time | what are the largest weight changes | show the names that shrank | what did we raise
any position exited? | which holdings did you trim | how do the weights differ from before
what moved most in the portfolio
# positions
top five positions | what is the largest holding | how large is our equity share | which positions are smallest
current composition of the portfolio | how much forex do we hold | list the weights of everything
what are we invested in
# contributors
who had the biggest influence on the weights | how much of the SYM weight is due to AGT | rank agents by contribution
what was AGT's contribution to SYM | which agent mattered least | who moved SYM up | breakdown of SYM by source
# limits
what limits were hit | did SYM get capped | why didn't the full SYM proposal go through, limits?
which clamp was the largest | did the risk manager cut something | how much over the limit were we on SYM
what would have to be raised to allow more SYM | any constraint active
# approval
who approved this | did it need a human okay | has a person edited the weights | what note did the reviewer write
was approval given | did they say no
# state
is the kill switch pulled | are any breakers tripped | is the desk frozen | which symbols are locked out
why was trading halted | when will the lock be lifted | are we in an emergency stop
# evidence
what news was there on SYM | show headlines for SYM | on what evidence does AGT rely for SYM
what data points speak for SYM | any reddit chatter on SYM | which posts were considered
what supports the score of SYM
# views
what's the score of SYM from AGT | who is optimistic about SYM | do all agents agree about SYM
what are the opinions on SYM | is AGT negative on SYM | how sure is AGT on SYM | who is the biggest bear on SYM
# abstentions
who abstained and why | which agents stayed silent | did AGT give a view | were there abstentions
who had no opinion this cycle | agents missing in action?
# risk
give me the risk numbers | what's our expected shortfall | how close to the VaR cap are we
is our volatility within limits | net exposure please | what's the beta of the portfolio | how bad is the tail
# turnover
what's the turnover | how much of nav was traded | did we trade much | how big was the reshuffle
overall trading volume
# orders
show me the order list | what orders were rejected | how was SYM filled | which trades got executed | did we buy SYM
when did the SYM order fill | largest trade please
# costs
how much did trading cost us | what was our slippage | total commission? | cost of executing SYM
which order had the worst slippage | how do we compare with the decision price | fees in bps | was trading expensive
# cash
what's our cash percentage | why did the cash go up | how much dry powder is left | is there uninvested cash
cash before and after
# book
what's the nav | how deep are we in drawdown | what's the fund value | did the book make money
what's our profit and loss | how far from the peak are we
# gains
what's our profit in SYM | how many shares SYM | average cost of SYM | which position is the biggest loser
top winners in the portfolio | did we lose on SYM | unrealised loss?
# data
were there any data findings | is anything stale | what sources were down | did we miss any prices
can the prices be relied upon | is the data for SYM fine
# policies
what policy was in charge | when was it trained | what's its score on unseen dates
had it seen today's date in training | out-of-sample figures of the policy | is the policy overfitted
which algorithm was it
# fallback
did we fall back on a rule | which link of the chain decided | was the backup controller used
why did the policy fail | what was tried before
# regime
is it a calm market | which regime did you assume | how likely is turbulence | bull market?
# macro
what are interest rates | latest inflation number | which macro figures did you have | is unemployment rising
# identity
when did you decide that | what's the id | which data source was used | which slot is it
# history
how has SYM's weight moved over the cycles | when did SYM first enter the portfolio | what did we hold of SYM before
last cycle's weight of SYM | the weight history of SYM | when did we last sell SYM | how did the portfolio evolve
was SYM larger previously
# counterfactual
how would it look without AGT | if AGT had not been there would we hold SYM | what changes without AGT
imagine AGT had abstained | SYM without AGT? | without the name limit, how much SYM | suppose there was no AGT
# compare
SYM or SY2, which is bigger and why | why is SYM larger than SY2 | how do SYM and SY2 compare
why prefer SYM over SY2
# quote
what did SYM cost per share | SYM price please | what's SYM's rsi | tell me the volatility of SYM
which class is SYM in | which symbol has the strongest momentum
# settings
what is our name cap | is this account live | can we short | what's the max drawdown allowed
how often does the desk run | what are the configured limits | minimum order?
# help
what can I ask you | which kinds of questions do you answer | help please | what are you good for
# beyond
will SYM recover | should I sell SYM | what will inflation be next year | who is the founder of SYM
give me a price target for SYM | is SYM going to fall | what should I invest in
# unknown
how do I bake bread | what's the weather like | tell me something funny | who is the king of spain | asdfgh
can you drive a car | what is two plus two
"""

UNSEEN = read(TABLE)
