"""Questions that the router has never learned: how well it does on new ones. As in agents.explainer.phrasings.

`UNSEEN` was written after the router was made. It is in no example, but has been looked at twice: to choose between
ways of weighing the features, and to mend the edge of a word in a concept. So its figures are a little too good.
`SECOND` was written later, by somebody who had read the concepts but not the phrasings, before the threshold was set
anew; it was asked once, when that was done, and nothing was changed after.
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

SECOND_TABLE = """
# why
SYM went from big to almost nothing, what happened | explain the jump in SYM | what's behind our SYM stake
so why exactly did you add to SYM this time | walk me through the SYM call
# decision
what's the headline | so what did you end up doing | tell me the result of today's run
quick rundown of this cycle please
# changes
which names came in fresh | what's different compared to before the trade | whose weight was lowered
who are the big movers in our book
# positions
show me our holdings | where is most of our money | what are our three biggest bets | is there any crypto in there
# contributors
whose idea was SYM | did AGT push SYM up or down | who deserves the credit for the SYM weight
how heavily did the prior count for SYM
# limits
was anything scaled back by risk rules | would we have bought more SYM without hitting a cap, which one
did any restriction bite | by how much was SYM clipped
# approval
was there human sign off | who gave the go ahead | did a manager change anything before it went out
# state
has trading been switched off | did the circuit breaker go off | is SYM blocked at the moment
# evidence
what articles did you read about SYM | what is the SYM opinion based on | any press on SYM lately
# views
what does AGT make of SYM | is anybody bearish on SYM | how confident were they about SYM | do opinions on SYM clash
# abstentions
did anyone refuse to give an opinion | why was AGT quiet | who didn't vote
# risk
how risky is the book | what could we lose on a really bad day | is the volatility too high | how's our gross exposure
# turnover
how much of the portfolio changed hands | did we churn a lot | turnover in percent of nav
# orders
what did we actually trade | did all the orders get filled | were any trades refused by the broker
# costs
what did we pay in fees | how far off the decision price were the fills | did SYM cost us a lot to trade
# cash
how much money is sitting idle | how much of the money did we not put to work | what's left in cash after the trades
# book
what is the portfolio worth now | how far under the high water mark are we | are we up or down overall
# gains
is our SYM stake making or losing money so far | which holding is deepest in the red
at what price did we get into SYM on average
# data
were there gaps in the data | did every feed deliver | how old is the latest price of SYM
# policies
which model made the call | on what period was the model trained | how did it do on dates it hadn't seen
# fallback
did the main model fail and something else step in | which controller produced the weights | was a plan b needed
# regime
how nervous is the market | what kind of market are we in | are we in a crisis regime
# macro
where is inflation at | what does the yield curve look like | any economic releases considered
# identity
what's the cycle number | was this run on real data | which version of the software made this
# history
when did we start holding SYM | has SYM always been this big | what did we own three cycles ago | SYM's path over time
# counterfactual
what would SYM be if AGT had kept quiet | take AGT away, what's left | how would it have looked with no limits at all
# compare
why not SYM instead of SY2 | what has SYM got that SY2 hasn't | put SYM and SY2 next to each other
# quote
at what price is SYM trading | is SYM overbought | what sort of instrument is SYM
# settings
how big may a single position get | which broker are we connected to | may we go short
what's the minimum trade size
# help
what sort of thing can you tell me | can you give examples of what to ask | I am new here, how does asking work
# beyond
where will SYM be next month | is SYM a good buy | how many people work at SYM | will the market crash soon
# unknown
tell me a story about dragons | what time is the football on | lorem ipsum dolor | recommend me a novel
"""

UNSEEN, SECOND = read(TABLE), read(SECOND_TABLE)
