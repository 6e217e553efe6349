"""Questions as people ask them, by kind: what the router learns from.

SYM and SY2 stand for symbols, AGT for an agent; " | " stands between phrasings, "# kind" before those of a kind.
"""

from __future__ import annotations

from typing import cast

from agents.explainer.patterns import Kind

_TABLE = """
# why
why did SYM shrink | why was SYM cut so hard | hey, any idea why SYM got trimmed? | how come we bought more SYM
SYM up — why? | what is the rationale for SYM | pls explain SYM position | what drove the change in SYM
wht happend with SYM | explain to me the weight of SYM | I don't understand why SYM is that big
could you walk me through the SYM decision | why are we in SYM at all | why not SYM? | what's the story behind SYM
SYM? | tell me about SYM please | why has SYM been reduced by half | for which reason you have sold SYM
what led to selling SYM | why the increase in SYM | SYM: grew or shrank, and why | talk me through why you dumped SYM
why'd SYM drop out | was there a reason for buying SYM | what about SYM | why such a tiny weight in SYM
how is SYM's weight built up | waterfall for SYM | show me how the weight of SYM came about | why is SYM overweight
why underweight SYM | why did SYM shrink? | how come SYM is smaller now? | what made you sell SYM?
what's the reason we cut SYM | why is SYM so large? | explain the position in SYM | why do we hold SYM at all?
why don't we hold SYM? | why no SYM position? | what happened to SYM? | tell me about SYM | why'd you buy SYM
give me the reasons for SYM going up | did we reduce SYM | how much SYM do we hold? | did SYM grow or shrink?
what's up with SYM being cut in half? | i don't get why exxon - SYM - is still there | reason for trimming SYM?
can you explain the SYM purchase | how did SYM end up at this weight | whats going on with SYM | SYM went down, why
for what purpose was SYM lowered | SYM seems too small, what gives? | i'd like to understand the SYM weight
did you get rid of SYM | who told you to dump SYM | is SYM bigger than before and why | why haven't we got any SYM
walk me through SYM | SYM: more or less than last time? | is there a good reason to keep SYM
why isn't SYM in my book | SYM got smaller, please explain | how did you arrive at 12% in SYM
# decision
give me a summary | sum up this cycle | in a nutshell what happened | quick recap | brief me on this cycle
what is the outcome of this run | explain the decision | can you summarise the decision for me
just the headlines of the decision pls | executive summary | summary | so what did you decide in the end
key takeaways of the cycle | explain the whole thing | one paragraph on what happened here
what's the gist of today's run | recap the cycle for my boss | main points? | what was decided? | summarize
give me an overview | explain this allocation | tl;dr | what did you do | why? | give me the gist
quick summary please | what's the outcome | sum it up for me | what's the plan
# changes
what changed | what is different now | what did you rebalance | which weights moved | what's changed versus before
which positions were increased | which positions did you reduce | what has been altered | biggest increase
biggest cut in weight | top movers | largest weight change | any new names | what came in and what went out
what got smaller | tell me what moved today | what was adjusted | adds and trims?
which holdings were closed out completely | what did we exit | what changed? | what's different from yesterday?
what happened this cycle? | show me the biggest movers | which symbols grew? | anything new today?
which positions moved the most | how is this different from before | what did this cycle do differently | what moved?
show me today's adjustments | any big shifts | what has been altered since last cycle | which holdings went up
tell me what's new
# positions
top ten holdings | list all positions | what are my largest weights | show the weights | what's in the book
current holdings | portfolio breakdown | what am I invested in | exposure to stocks | what is our forex allocation
which asset class is biggest | how big is the bond sleeve | give me the portfolio | least weight | the tiniest holding
what we are holding now | list holdings by size | what are our biggest positions? | what do we own?
list the holdings | top 5 holdings please | where is my money | how much is in crypto? | what's in the portfolio
largest weights | show my portfolio | what stocks are in there | what's the largest bet
what's our exposure by asset class | which names carry the most weight | what am i holding right now
how diversified are we | what's my largest holding | list everything we hold | how much do we have in forex
# contributors
who contributed most | which agent pushed hardest | attribution please | shapley values | who drove this allocation
how much of SYM comes from AGT | what did AGT add to SYM | decompose the weight of SYM by agent
who pushed SYM up the most | whose opinion counted | who had the smallest influence
how much weight moved because of AGT | impact of AGT on the weights | which source was decisive
break down contributions | what part of the allocation is from AGT | driver of the allocation
marginal contribution of AGT | who influenced SYM the strongest | did AGT move anything
what share is the prior and what share the agents | how did AGT affect SYM | who contributed most?
which agent moved the weights? | who drove this? | show the attribution | who is responsible for SYM's weight?
biggest driver? | which analyst had the most influence on SYM | whose view mattered most
which of the agents pushed hardest | break down the weight of SYM by agent | whose opinion counted most
which signal source had the greatest effect | how much did AGT add to SYM | what share of SYM comes from news
which agent had the upper hand | rank the agents by contribution | who pushed SYM up
# limits
were there clamps | what was capped | did a risk limit bind | was SYM capped | which limit binds SYM and by how much
which constraint is binding | by how much did we exceed the cap | did the risk check cut anything
how much was cut by limits | any caps hit | which rule held SYM back | limit breaches | largest clamp
which clamp cost us most weight | why was the proposal cut back | what constrained the portfolio
did the position limit apply | clamps on SYM? | show all clamps | what limit would I have to raise to get more SYM
is there a binding constraint on SYM | max name weight hit? | has the class cap been touched
was anything overruled by the risk check | did we bump into the turnover cap | reductions by the risk check
the cap on SYM - how tight is it | what limit triggered | any limit triggered today | which limits fired?
was anything clamped | did we hit a cap on SYM? | what did the risk check cut back? | any constraints binding?
which rules overruled the controller | were there any risk limits hit | why was SYM capped
what stopped us from holding more | did risk management step in | what was cut by the risk desk
list all the clamps please | did we breach any threshold | is any limit binding | did the caps change the result
why was the proposal reduced
# approval
was this approved | did a person sign off | was I asked | did someone edit the proposal
did a human change the weights | is approval needed | has anyone confirmed it | was the proposal rejected
what did the reviewer say | which note did the approver leave | was a human in the loop | why was a person asked
did they reject it | was there an override by a person | what did the human edit | who pressed the button
was my permission required | any human intervention | was this approved? | did a human sign off? | who approved it
did anybody have to okay this | was there a manual confirmation | who gave the go-ahead
do i need to approve anything
# state
is the kill switch on | why is the desk halted | any breaker tripped | which locks are active | are we stopped
circuit breaker status | is anything locked out | halt status | is there a lock on SYM | is SYM locked
did the drawdown breaker fire | are we allowed to trade right now | when does the lock expire | emergency stop active?
did a stop loss trigger | what locks do we have | breakers? | has the daily loss breaker tripped | kill switch?
is the system frozen | desk halted y/n | show risk state | since when is it halted | were we shut down
is anything on hold because of a breaker | is the desk halted? | was the kill switch on | has the desk been stopped
are we locked | why did the desk halt
# evidence
what was the news on SYM | any articles | what is the basis for this | which features drove SYM | what did reddit say
sentiment on SYM | proof? | what did you read about SYM | tweets about SYM | indicators behind SYM | any news
which feature group mattered for SYM | what is this decision based on | give me the evidence | latest headlines please
was there bad press on SYM | what facts led to this score | what info did AGT use for SYM | newsflow?
headline risk in SYM | what's the tone of the news | how many headlines were there | technical signals for SYM
what evidence did AGT give for SYM | how many posts did we read | newest headline | what was the news on SYM?
what evidence was there for SYM | what is this based on? | what did social media say | which signals were behind SYM
any articles about SYM | how was the sentiment | what did the papers say about apple SYM | show your sources
which data points support the SYM view | what headlines mention SYM | on what grounds did you judge SYM
what did you read before deciding | is there any proof behind this | show me the tweets and posts
what information led to the SYM score | was there bad news about SYM
# views
who is bullish on SYM | scores for SYM | how confident is AGT | do the agents agree on SYM | opinions on SYM
who is most bearish | which symbol does AGT like most | highest score by AGT | show all views | AGT's rating of SYM
what's the stance of AGT | what is the opinion from AGT regarding SYM | AGT score SYM | conviction of AGT in SYM
list the agents' opinions | AGT bullish or bearish? | which agent has the strongest opinion on SYM
how does AGT see SYM | is AGT long or short SYM | tell me AGT's take on SYM | what did AGT think of SYM?
what does each agent think | how confident was the AGT | did the agents agree? | is AGT bullish on SYM?
what's the AGT's opinion on SYM | show the scores for SYM | where does each analyst stand on SYM
is the AGT worried about SYM | what does the AGT believe | is anyone negative on SYM | what's the AGT signal for SYM
how do the analysts see SYM | do the specialists disagree about SYM | which agents like SYM
what's the outlook of the AGT | list every agent's view on SYM
# abstentions
why did AGT abstain | did all agents vote | any missing agents | which analysts stayed quiet
which agents could not form a view | who sat this one out | what didn't AGT know | whose view is missing
why was AGT silent | no opinion from whom | which agent refused to answer | agents without an opinion | who abstained?
did any agent stay silent? who had no opinion? | which analysts were missing? | why did the AGT abstain
who didn't say anything | did everyone give a view? | who stayed out of it | which of the seven agents refused
were any of the agents unable to give an opinion | why is social missing | who had nothing to contribute
list abstentions
# risk
what's the VaR | var vs limit | portfolio vol | how much room is left under the limits | risk figures | cvar?
what is our beta | how much can we lose in a day | is the volatility ok | gross and net exposure
how leveraged are we | annualised volatility | risk numbers pls | how much risk budget is used
which risk limit is nearest | show me the risk measures | is the VaR within bounds | whats the portfolio's std dev
how bad might it get in a crash | risk utilisation | net exposure? | current leverage | how far is beta from its cap
distance to limits | expected loss on a bad day | sensitivity to the market | how volatile is the book
how risky is this? | what is the var? | show me the risk figures | what's the portfolio volatility
expected shortfall? | what is our gross exposure | how much risk are we taking | how much could we lose in a bad day
what's the 95% var | portfolio vol? | what's our downside | give me cvar and vol | are we taking too much risk
what's the one day var at 95 | is the portfolio volatile | how bad could tomorrow get
# turnover
what was the turnover | how much did we trade in total | how much of the book was turned over | turnover?
how much was traded | percentage of portfolio traded | how much churn | how active were we | did we trade a lot
portfolio rotation this cycle | how much has been reshuffled | one-way or two-way turnover, how big
how much buying and selling was there in percent | churn rate | what was the turnover?
how much of the book was traded? | how much did we trade | how active was the rebalance | how much was turned around
what fraction of the portfolio turned over
# orders
what orders were sent | list the trades | did the SYM order fill | any rejected orders | at what price was SYM filled
what did we buy | show the fills | trade blotter | were there partial fills | when was SYM filled | did we trade SYM
how many orders | any unfilled orders | did the broker reject something | what price did we get on SYM
execution report | orders for SYM | smallest order | why no orders | number of fills | order list pls
did my sell of SYM go through | how many units of SYM were sold | what orders were sent? | list the fills
what did we buy and sell? | which trades were executed | at what price did SYM fill? | show me the transactions
did the SYM order go through | what got executed | show the trade list | how many shares of SYM were sold
were all orders filled | did we sell anything | when and at what price were the orders filled
# costs
what did it cost | total fees | slippage against decision price | execution cost of SYM | implementation shortfall
most expensive order | how far from the decision price did we fill | trading costs | which trade cost most
cheapest order | cost of trading SYM | did we get a worse price than decided | transaction cost analysis | tca please
what did the trades cost us | fees on SYM | arrival price vs fill price | how much money did we lose to costs
what was paid in commissions and spread | how good were the fills compared with the decision price | cost drag
did fills slip | which order slipped the most | broker charges | average cost in bps | what did it cost?
how much commission did we pay | how expensive were the trades? | what was the slippage | how much did trading eat up
what were transaction costs | what's the bill for trading | how many basis points did we lose to fees
how much did this rebalance cost me | were fees high
# cash
how much cash | cash weight | cash level? | why is cash up | how much is uninvested | are we fully invested
what is sitting in cash | why did cash rise | dry powder | cash balance after the trades | how liquid are we
did cash go down | why keep cash | how much money is idle | cash position pls | explain the cash | cash pile
why so much cash? | how much cash do we have | how much is uninvested? | are we sitting on dry powder
how much money is not invested | what's the cash level | why aren't we fully invested | what portion is kept in cash
# book
what is the book worth | drawdown? | how did we perform | are we up or down | portfolio value | what's the peak value
how far below the high | return since last slot | profit and loss of the book | net asset value now
equity of the account | performance | what's our pnl | total value of the fund | did the fund gain today
how rich are we | what's the balance of the account | loss today? | how deep is the drawdown | what is the book worth?
what's our drawdown? | how are we doing | did we lose money | net asset value? | portfolio value please
what's the account value | how far are we below the high | how much is the fund worth now | are we in the red
did the portfolio gain or lose | current drawdown?
# gains
unrealised profit on SYM | what did we pay for SYM on average | is SYM in profit | which position lost most
how much have we made on SYM | SYM p&l | what's SYM worth in our book | biggest loser in the book
market value of SYM | unrealized loss in SYM | how many units of SYM are in the book
at which price did we get into SYM on average | how much money is in SYM in dollars | gain or loss on SYM so far
position size in units for SYM
# data
data problems? | any stale prices | data quality | what could not be traded | are the prices fresh | data findings
gaps in the data | did a feed fail | which symbols were untradable | outdated quotes | was news unavailable
missing data? | was the data complete | any anomalies in the data | what data could you not get | bad ticks?
is there something odd with prices | why couldn't we trade SYM | quality checks on the data | which data is lacking
did some provider go down | data health | what kinds of data were not available | any problems with the data?
were any prices stale? | what data was missing | can i trust the prices | data quality?
which symbols could not be traded | any findings? | is the data reliable | were there gaps in the prices
did any feed fail | is there something off with SYM prices | how fresh are the quotes
were some symbols skipped for bad data | is any price out of date
# policies
which policy was used | trained until when | was it in sample | what did the policy score on unseen dates
policy card | which model made this | how good is the policy out of sample | had the policy seen these dates
when was the model trained | unseen sharpe of the policy | in-sample or out-of-sample? | which RL model is running
what algorithm trained the policy | seen versus unseen performance | how overfit is the policy | policy version
what's the gap between seen and unseen | which neural nets took part | tell me about the trained policies
model card please | was the policy trained on data after this date | how was the policy trained
which checkpoint is in use | who trained the policy and on what | is there look-ahead in the policy
which policies were used? | had the policy seen these dates? | was this in-sample? | when was the policy trained
is the rl policy evaluated out of sample? | did a trained model take part | was the model trained on this period
did the neural net see the future | what is the policy id | which trained policies were loaded
did the agent train on 2020
# fallback
did anything fall back | was a fallback used | fallback chain | did the policy fail | which controller allocated
did you use the backup | which link of the chain was used | plan b? | how were the weights computed
was the rule-based blend used | did we end up on the prior | did the first choice work | why did the main policy fail
was the primary controller ok | was the learned controller skipped | fall back reason | did anything fall back?
show the fallback chain | which controller was used | did the main model fail | did you have to use the backup rule
what happened to the primary policy
# regime
what regime are we in | is the market calm | market breadth | bull or bear | state of the market | is it a crisis
are markets nervous | regime probabilities | mood of the market | is the market stressed
how's the market environment | were conditions normal | is the market wild at the moment
how is the weather in the markets | how many symbols are above their average | what regime are we in?
is the market turbulent? | what's the mood of the market | how calm is it | bull market or bear market?
is the market in panic mode | is volatility regime high | what kind of market is it | calm or turbulent?
# macro
what does macro say | inflation? | cpi print | interest rates | latest macro releases | unemployment rate
how is the economy | what did the fed do | gdp | when was the last cpi release | what macro data was known
yield curve | rates environment | jobs numbers | are rates rising | macro backdrop | economic indicators
what is the inflation figure you used | macro series | what did the macro data say | how is inflation?
what about interest rates | latest economic releases | cpi? | what's the latest cpi print | how's the economy
where are rates | did any macro numbers come out
# identity
when was this decided | which cycle is this | cycle id | is this simulated data | where is the data from
which source | what date is this | reproducibility info | code version | which book is this | content hash
what day are we talking about | is it real data | snapshot hash | when did this run | date of the cycle
when was this decided? | which source did this use | is this simulated? | what's the hash of the snapshot
as of what date | what date is this for | what timestamp does this have | is this real or simulated data
what day is this decision for | where does this data come from
# history
when did we first buy SYM | what was SYM's weight last cycle | how has SYM evolved | show me SYM over time
since when do we own SYM | what did we hold in SYM yesterday | trend of SYM's weight | past weights of SYM
when was SYM first added | when did we sell SYM last time | how did cash evolve over the last cycles
portfolio history | compare with the previous cycle | how often did we trade SYM | how many cycles have we held SYM
track record of SYM in the book | evolution of the SYM holding | previous weight of SYM one cycle earlier
when was the first purchase of SYM | how has the drawdown developed recently
how did turnover look in the last cycles | what did earlier cycles do with SYM | was SYM bigger in the past
highest weight SYM ever had | SYM past trades | what happened to SYM after this | the SYM position week by week
# counterfactual
what if AGT had said nothing | what would SYM be without AGT | counterfactual without AGT | if we drop AGT
imagine AGT was silent | leave AGT out, what then | would the allocation differ if AGT had not spoken
allocation ex AGT | remove AGT and rerun | had AGT not voted, would SYM be bigger | what happens if I switch off AGT
does it matter that AGT was there, or the same without | no AGT: what weight for SYM
would SYM be larger if AGT had kept quiet | what if we used equal weight as prior
what would have happened without the risk limit | if not for AGT would we own SYM | rerun without AGT
what if the momentum features were missing | run it again minus AGT | what difference would it make if AGT stayed out
# compare
SYM vs SY2 | compare SYM and SY2 | SYM or SY2, which is larger | what's the difference between SYM and SY2
SYM against SY2 please | how does SYM differ from SY2 | why did SYM grow while SY2 shrank | why SYM rather than SY2
is SYM riskier than SY2 | contrast SYM with SY2 | SYM compared to SY2 | why was SYM bought instead of SY2
why do SYM and SY2 have different weights | head to head SYM SY2 | side by side SYM and SY2
# quote
last close of SYM | what's the RSI of SYM | momentum of SYM | what's the 63 day momentum for SYM
how volatile is SYM itself | price level of SYM at decision time | vol_21 of SYM | rsi SYM | current mark of SYM
most volatile symbol | highest momentum symbol | feature values SYM | lowest rsi | what is SYM
which symbols have the strongest momentum | price per share SYM | how much does one SYM cost
# settings
what are the limits | how often do we trade | do we use an llm | what costs are assumed | what's the VaR limit set to
configuration please | what is the cap per asset class | can we go short | is it long only | which broker are we using
minimum order size | how much starting capital | which universe is traded | what's allowed per name
is short selling allowed
# help
what can I ask | help | how do I use this | what are you able to answer | give me examples of questions
what kind of questions can you answer | how does this work | what should I ask you | list of commands
# beyond
will SYM go up tomorrow | what is your price target for SYM | predict SYM | when will SYM report earnings
what will happen next | is now a good time to invest | forecast for SYM | how will inflation develop
will we make money next month | what's SYM trading at right now | can I retire | who founded SYM
what would Warren Buffett do | how many employees does SYM have | what is SYM's market cap
tell me tomorrow's price of SYM | what will SYM do after the next earnings | is SYM undervalued
expected return of SYM next year | who owns SYM | will it rise
"""


def _read(table: str) -> dict[Kind, tuple[str, ...]]:
    """The phrasings by kind."""
    found: dict[Kind, list[str]] = {}
    kind: Kind = "unknown"
    for line in table.strip().splitlines():
        if line.startswith("# "):
            kind = cast(Kind, line[2:])
        else:
            found.setdefault(kind, []).extend(line.split(" | "))
    return {kind: tuple(phrasings) for kind, phrasings in found.items()}


PHRASINGS = _read(_TABLE)
