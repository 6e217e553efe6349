"""Questions on opinions, limits, approval, orders and what they cost, and the settings of the book."""

TABLE = """
# limits
which limits fired | were there clamps | what was capped | did a risk limit bind | was SYM capped
what would lift the clamp on SYM | which limit binds SYM and by how much | which constraint is binding
by how much did we exceed the cap | did the risk check cut anything | what did risk take away
how much was cut by limits | any caps hit | what is stopping SYM from being larger | which rule held SYM back
limit breaches | largest clamp | which clamp cost us most weight | why was the proposal cut back
how far over the limit was SYM | what constrained the portfolio | did the position limit apply | clamps on SYM?
show all clamps | was the allocation restricted by risk | what limit would I have to raise to get more SYM
is there a binding constraint on SYM | max name weight hit? | risk desk intervention | has the class cap been touched
was anything overruled by the risk check | did we bump into the turnover cap | what the risk check changed
reductions by the risk check | how much did risk management chop off SYM | the cap on SYM - how tight is it
what limit triggered | any limit triggered today | which symbols were clamped | did any cap bite | what got clamped
was SYM limited by risk | how much would SYM have been without hitting its cap, which cap was it
which limits were binding today | risk check cuts? | how far above the limit was the SYM proposal
list clamps by size | were any of the limits touched | is SYM at its cap | SYM limited by risk | which caps were hit
how much would SYM be without hitting its cap | how much did the limits cut | was SYM reduced by a limit
which limits bit | effects of the limits | which limits were active | were limits hit | what did the caps take away
what was clipped | was something cut by risk limits | how far over its cap was SYM | is SYM limited | limits on SYM
did SYM run into a limit | has any risk limit kicked in | why couldn't SYM get more weight, a cap?
what was the tightest limit | clamps please | which limit cut SYM | how much weight was lost to limits
was the name limit binding | which limits fired? | was anything clamped | did we hit a cap on SYM?
what did the risk check cut back? | any constraints binding? | which rules overruled the controller
were there any risk limits hit | why was SYM capped | what stopped us from holding more | did risk management step in
what was cut by the risk desk | list all the clamps please | did we breach any threshold | is any limit binding
did the caps change the result | why was the proposal reduced
# approval
was this approved | did a person sign off | who approved | was I asked | did someone edit the proposal
did a human change the weights | who signed | is approval needed | has anyone confirmed it | was the proposal rejected
did the boss ok it | manual approval? | what did the reviewer say | which note did the approver leave
was it accepted as is | was a human in the loop | why was a person asked | who gave the green light
did they reject it | sign-off status | did anybody have to confirm this | was there an override by a person
what did the human edit | approval status | who pressed the button | was it waved through by someone
did it go to a human for review | has a person approved the trades | was my permission required
any human intervention | did someone have to approve this | was the proposal edited by a person | who said yes
did a human reject the trades | was manual sign-off needed | what was the answer of the approver
did anyone look at it before trading | has it been signed off | has a manager okayed this | who gave permission
was the proposal changed by hand | did the approver leave a comment | was it signed | human review?
approved or rejected | did i have to confirm | who accepted the proposal | was the allocation edited by hand
did a person step in | was an approval asked for | who checked this | did a human have to agree
was it signed off by anybody | did the person change anything | approval needed? | who okayed the trades
did they turn the proposal down | was this approved? | did a human sign off? | who approved it
did anybody have to okay this | was there a manual confirmation | who gave the go-ahead
do i need to approve anything
# state
is the kill switch on | is trading halted | why is the desk halted | any breaker tripped | which locks are active
is the book locked | are we stopped | circuit breaker status | is anything locked out | halt status
who threw the kill switch | is there a lock on SYM | is SYM locked | did the drawdown breaker fire
are we allowed to trade right now | when does the lock expire | until when is the book locked | emergency stop active?
trading suspended? | did a stop loss trigger | which symbols are locked | what locks do we have | breakers?
has the daily loss breaker tripped | is the desk running or halted | kill switch? | why has trading stopped
is the system frozen | what tripped the breaker | desk halted y/n | show risk state | since when is it halted
were we shut down | is anything on hold because of a breaker | stop-loss locks | are we halted
is the kill-switch engaged | what locks are in force | did any breaker go off | why can't the desk trade
is SYM under a lock | is trading currently suspended | since when is the kill switch on
any stop losses triggered today | halted or not? | kill-switch engaged | why are we not trading
is the desk allowed to trade | is there an active halt | has a breaker fired | which breakers are active
locked symbols | is a lock in force | why is the book locked | what stopped the desk | is the emergency stop on
how long are we locked | state of the kill switch | trading status | are we suspended | any symbols locked by a stop
is there a halt | kill switch status please | are there any locks on the book | did we trip a circuit breaker
can the desk trade at the moment | is SYM blocked by a stop | is the desk halted? | was the kill switch on
has the desk been stopped | are we locked | why did the desk halt
# risk
how risky is the portfolio | what's the VaR | var vs limit | how close are we to the VaR limit | expected shortfall
portfolio vol | how much room is left under the limits | risk figures | cvar? | what is our beta
how much can we lose in a day | is the volatility ok | headroom to the limits | are we near any limit
gross and net exposure | how leveraged are we | what's the stress loss | annualised volatility | risk numbers pls
how much risk budget is used | which risk limit is nearest | what is the tail risk | show me the risk measures
how dangerous is this | is the VaR within bounds | 95% value at risk | whats the portfolio's std dev
how bad might it get in a crash | risk utilisation | worst-case loss | do we take too much risk | net exposure?
current leverage | how far is beta from its cap | distance to limits | expected loss on a bad day
sensitivity to the market | how volatile is the book | what's our value at risk | are we below the VaR limit
how volatile is the portfolio | CVaR please | how near are we to the risk limits | portfolio beta | gross exposure?
how much might we lose on a terrible day | stress test result | risk measures | the risk of the book
how much do we risk | value at risk please | conditional var | loss in a crisis | what's the beta
risk against limits | margin to the risk limits | how far are we from the VaR limit | are we inside our limits
vol of the portfolio | standard deviation of the book | what would a crash cost us | is it too risky
exposures gross and net | risk stats | worst loss of the past | how risky are we | what is the current VaR
is the CVaR under its limit | how volatile is our portfolio per year | what's our gross | how much headroom do we have
what would a stress scenario cost | how risky is this? | what is the var? | show me the risk figures
what's the portfolio volatility | expected shortfall? | what is our gross exposure | how much risk are we taking
how much could we lose in a bad day | what's the 95% var | portfolio vol? | what's our downside | give me cvar and vol
are we taking too much risk | what's the one day var at 95 | is the portfolio volatile | how bad could tomorrow get
# orders
what orders were sent | list the trades | did the SYM order fill | which orders were refused | any rejected orders
how many shares of SYM did we buy | at what price was SYM filled | largest order | what did we buy | what did we sell
show the fills | trade blotter | was everything executed | were there partial fills | which orders failed
when was SYM filled | did we trade SYM | how many orders | any unfilled orders | did the broker reject something
what price did we get on SYM | execution report | orders for SYM | smallest order | was SYM bought or sold
which trades were done today | why was the SYM order refused | why no orders | why wasn't anything traded
number of fills | order list pls | what has been executed on SYM | did my sell of SYM go through
what was sent to the market | how many units of SYM were sold | biggest trade | which trades did you place
show me all orders | what did we purchase | what did we sell today | was the order in SYM filled | fill price SYM
were any orders refused and why | biggest order? | how many trades were there | did everything get filled
what were the trades | trade list | buys and sells | which buys did we do | which sells did we do | all fills
has SYM been bought | price at which SYM was sold | what happened to the SYM order | was my order in SYM executed
orders sent | orders that failed | refused orders | how many fills did we get | what got filled | the biggest order
when were the orders filled | order status | how much SYM was bought | what did you sell | was SYM actually traded
which orders didn't fill | list every order sent | what price was paid for SYM | did any order get refused
how many shares of SYM did we sell | what orders were sent? | list the fills | what did we buy and sell?
which trades were executed | at what price did SYM fill? | show me the transactions | did the SYM order go through
what got executed | show the trade list | how many shares of SYM were sold | were all orders filled
did we sell anything | when and at what price were the orders filled
# costs
what did it cost | total fees | commission paid | slippage against decision price | execution cost of SYM
implementation shortfall | most expensive order | how far from the decision price did we fill | trading costs
how many bps did we pay | which trade cost most | cheapest order | what was the slippage on SYM | cost of trading SYM
how expensive was execution | did we get a worse price than decided | transaction cost analysis | tca please
what did the trades cost us | fees on SYM | arrival price vs fill price | how much money did we lose to costs
price impact? | costs in basis points | what was paid in commissions and spread
how good were the fills compared with the decision price | was execution bad | cost drag | total trading expense
did fills slip | how much was the shortfall on SYM | which order slipped the most | broker charges
average cost in bps | dearest fill | what were the trading costs | how much did we pay in fees
slippage versus decision price please | what did the SYM trade cost | total transaction costs | most costly trade
implementation shortfall in bps | how much worse than the decision price did we trade | commission total
execution costs for SYM | the most expensive trade | which trade was the cheapest | cost of the trades
what did we pay for trading | slippage? | fees? | commissions? | cost per order | fill price against decision price
how bad was the slippage | did the fills cost us | price paid versus price decided | what did execution cost
bps lost to costs | total costs of the cycle | trading expenses | expensive orders | how much did the rebalance cost
what did we lose to slippage | fees paid? | which order was dearest | how did fill prices compare with decision prices
cost of the SYM order in bps | were we charged a lot | what did it cost? | how much commission did we pay
how expensive were the trades? | what was the slippage | how much did trading eat up | what were transaction costs
what's the bill for trading | how many basis points did we lose to fees | how much did this rebalance cost me
were fees high
# settings
what are the limits | what is the max position size | what are the settings | how often do we trade
is this live or paper | which venue | do we use an llm | what costs are assumed | what's the VaR limit set to
which approval mode is set | configuration please | what is the cap per asset class | can we go short
is it long only | which broker are we using | minimum order size | how much starting capital | trading calendar
bar frequency | what chat model is configured | real money or paper trading? | how is the desk configured
what's the drawdown limit | max leverage setting | which universe is traded | what's allowed per name
which limits are configured | is short selling allowed | starting cash | rules of the book
what's the maximum weight per name | are shorts allowed | which venue do the orders go to | is it paper trading
how big is the drawdown limit | which settings does the book have | is an LLM used | what is the minimum order
what's the cap for crypto | what limits does this book have | what limits apply | maximum weight of a symbol
max weight per name | cap for crypto | which limits do we have | how high is the VaR limit | the VaR limit
turnover limit? | what is the turnover cap | are we live | is this paper | what broker | approval policy
trading frequency | is leverage allowed | which costs do you assume | starting capital | minimum trade size
is there a chat model | what's the limit for one name | limits of this book | what are the rules
how much may one position weigh | is shorting permitted | what broker is configured | what is the turnover limit
paper or live? | which limits are set | what's the assumed commission
# abstentions
who abstained | did any agent abstain | who said nothing | which agents were silent | why did AGT abstain
did all agents vote | who had no view | any missing agents | who didn't have an opinion | which analysts stayed quiet
abstentions? | which agents could not form a view | did AGT speak at all | why is there no view from AGT
who sat this one out | was anyone absent | how many agents abstained | what didn't AGT know
which symbols did AGT not know | whose view is missing | which of the agents kept silent and why
did everyone speak up | why was AGT silent | no opinion from whom | who skipped | which agent refused to answer
agents without an opinion | why AGT has no opinion | was there any agent without a view | who kept quiet
reason for AGT abstaining | did AGT abstain | which agents did not vote | who could not give an opinion
any abstentions this time | is somebody's view missing | any agent without a view | somebody's view missing
who is missing | agents that abstained | who had nothing to say | was AGT silent | did AGT refuse
reason for the abstention of AGT | which agents gave no view | silent agents | who did not answer
did an analyst not report | whose opinion do we lack | which agent had no say | did somebody abstain?
who failed to give a view | why didn't AGT say anything | list everyone who abstained | who abstained?
did any agent stay silent? who had no opinion? | which analysts were missing? | why did the AGT abstain
who didn't say anything | did everyone give a view? | who stayed out of it | which of the seven agents refused
were any of the agents unable to give an opinion | why is social missing | who had nothing to contribute
list abstentions
# views
what did AGT think | what is AGT's view on SYM | does AGT like SYM | who is bullish on SYM | scores for SYM
how confident is AGT | do the agents agree on SYM | opinions on SYM | who is most bearish
what do the analysts say about SYM | AGT on SYM? | which symbol does AGT like most | highest score by AGT
what does everybody think | show all views | is anyone negative about SYM | AGT's rating of SYM
did AGT recommend SYM | how sure was AGT about SYM | where do the agents disagree | what's the stance of AGT
what is the opinion from AGT regarding SYM | does anybody dislike SYM | who voted for SYM | AGT score SYM
conviction of AGT in SYM | list the agents' opinions | AGT bullish or bearish? | lowest score from AGT
what are AGT's favourite names | which agent has the strongest opinion on SYM | what signal does AGT give
how does AGT see SYM | is AGT long or short SYM | what's AGT saying | tell me AGT's take on SYM
what's AGT's opinion of SYM | how does AGT rate SYM | is AGT bullish on SYM | who likes SYM
did anyone vote against SYM | scores of all agents for SYM | which agents disagree on SYM | how convinced is AGT
tell me what AGT thinks | most bullish agent on SYM | who disagrees about SYM | which agents are positive on SYM
opinion of every agent on SYM | AGT thinks what about SYM | does AGT believe in SYM | who would buy SYM
who would sell SYM | what score did AGT give SYM | did the agents disagree | the view of AGT | are the agents bullish
which symbol does AGT dislike | confidence of AGT in SYM | how do the agents feel about SYM
what does AGT say about SYM | is AGT positive on SYM | which agent hates SYM | let me see every agent's score for SYM
does anyone want to sell SYM | how bullish is AGT | AGT's favourite symbol | what did AGT think of SYM?
what does each agent think | how confident was the AGT | did the agents agree? | is AGT bullish on SYM?
what's the AGT's opinion on SYM | show the scores for SYM | where does each analyst stand on SYM
is the AGT worried about SYM | what does the AGT believe | is anyone negative on SYM | what's the AGT signal for SYM
how do the analysts see SYM | do the specialists disagree about SYM | which agents like SYM
what's the outlook of the AGT | list every agent's view on SYM
"""
