"""Questions on the decision itself: what is held, what moved, who moved it, what it was and would be."""

TABLE = """
# why
why did SYM shrink | why was SYM cut so hard | hey, any idea why SYM got trimmed? | reason for the SYM reduction
how come we bought more SYM | SYM up — why? | y did u sell SYM | whys SYM gone from my book
what is the rationale for SYM | pls explain SYM position | what drove the change in SYM | wht happend with SYM
explain to me the weight of SYM | I don't understand why SYM is that big | what made you add SYM | justify SYM
could you walk me through the SYM decision | why are we in SYM at all | why not SYM? | why do we not hold any SYM
what's the story behind SYM | SYM? | tell me about SYM please | why has SYM been reduced by half
how did SYM get to this weight | for which reason you have sold SYM | what led to selling SYM
why the increase in SYM | why is SYM not in the portfolio | SYM: grew or shrank, and why
talk me through why you dumped SYM | why'd SYM drop out | was there a reason for buying SYM | what about SYM
why such a tiny weight in SYM | how is SYM's weight built up | waterfall for SYM
show me how the weight of SYM came about | why is SYM overweight | why underweight SYM
explain why SYM went down in weight | could somebody tell me why we now own less SYM | what justifies the SYM stake
motivation behind buying SYM?? | SYM got slashed. why | is there a logic behind the SYM trade | why on earth SYM
I noticed SYM is smaller, how come | what caused the SYM purchase | SYM seems huge, explain
logic behind the SYM trade | SYM limited to so little, why | reasons for SYM please | explain SYM to me
why was the SYM stake changed | what explains SYM's weight | SYM weight? | how much SYM do we hold and why
why are we holding so much SYM | what's behind the move in SYM | what happened to SYM | why did you increase SYM
why didn't you buy SYM | is SYM growing in the book, why | what made SYM shrink | why is SYM excluded
why the heck is SYM down to nothing | for what reason did SYM go up | reasoning for our SYM holding
is SYM smaller because of something? | SYM - what happened there | we trimmed SYM, right? why
can't see why SYM deserves so much weight | what is the argument for holding SYM | what pushed the SYM weight lower
give me the reason SYM was sold | why did SYM shrink? | how come SYM is smaller now? | what made you sell SYM?
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
what was decided | give me a summary | tldr | sum up this cycle | overview please | what did the desk do today
in a nutshell what happened | quick recap | brief me on this cycle | what is the outcome of this run
explain the decision | can you summarise the decision for me | just the headlines of the decision pls
executive summary | what's the bottom line | make me a short summary of this | what have you done | summary
so what did you decide in the end | key takeaways of the cycle | give me the short version | what was the conclusion
explain the whole thing | how did the cycle go | walk me through this allocation | debrief
one paragraph on what happened here | what's the gist of today's run | recap the cycle for my boss | main points?
what's the long and short of it | summarize this cycle for an investor | what did you end up doing
give a brief account of the decision | sumary please | decision in two sentences | what came out of today's cycle
TL;DR of this run | long and short of it | what came out of the cycle | the whole decision in short
report on this cycle | one-line summary | what's the result of today's run | describe the decision
high level overview | in plain words, what did you decide | what happened in this cycle in short
tell me about this decision | give me the digest | short recap, please
what's the verdict of today's meeting, in short | how would you sum the cycle up | what did the committee decide
give an abstract of the decision | shortest possible summary | what was decided? | summarize | give me an overview
explain this allocation | tl;dr | what did you do | why? | give me the gist | quick summary please
what's the outcome | sum it up for me | what's the plan
# changes
what changed | what is different now | biggest moves | what did you rebalance | which weights moved
anything new in the portfolio | list the changes | what's changed versus before | show me the deltas
which positions were increased | which positions did you reduce | what names were added | did anything move
what has been altered | biggest increase | biggest cut in weight | which symbol grew most | what shrank the most
top movers | largest weight change | what did you shift around | any new names | what came in and what went out
what got bigger | what got smaller | the changes since opening | which stocks you changed | tell me what moved today
what was adjusted | adds and trims? | which holdings were closed out completely | what did we exit
what's been changed in the portfolio | which weights went up | which weights went down | anything moved a lot?
biggest reduction today | list of adjustments | what did the rebalance change | where did we add and where did we trim
show differences to before | what has changed in the portfolio | differences to before | what weights were raised
what did the rebalancing do | position changes | moves of this cycle | what's up and what's down | what got cut
what got added | which positions grew | which positions shrank | where did we cut | where did we add
largest shift in weights | anything changed since the last rebalance? | what are today's biggest shifts
which names got trimmed | what did you buy more of and what less | what are the differences in weights
tell me which weights rose | what changed? | what's different from yesterday? | what happened this cycle?
show me the biggest movers | which symbols grew? | anything new today? | which positions moved the most
how is this different from before | what did this cycle do differently | what moved? | show me today's adjustments
any big shifts | what has been altered since last cycle | which holdings went up | tell me what's new
# positions
what do we hold | biggest position | top ten holdings | list all positions | how is the portfolio composed
smallest position | what are my largest weights | how much is in crypto | allocation by asset class | show the weights
where are we most concentrated | what's in the book | current holdings | portfolio breakdown
how many positions do we have | what am I invested in | how diversified is it | exposure to stocks | heaviest names
what is our forex allocation | which asset class is biggest | how big is the bond sleeve | give me the portfolio
what's the split between etfs and stocks | least weight | the tiniest holding | which symbol has the highest weight
show me all weights pls | what we are holding now | what are we long | how much commodities do we have
top 5 names by weight | how concentrated is the book | which is the no. 1 holding | list holdings by size
what's my biggest holding? | show portfolio | which stocks do we own | how much do we have in commodities
smallest weight in the portfolio | positions by size please | breakdown per asset class | how many names do we hold
largest exposures | what does the portfolio look like | all holdings | my holdings | list of positions
the weights please | portfolio composition | which names do we own | what stocks are held | how are we positioned
biggest bets | what share is in stocks | how much in forex | bond exposure | how many symbols are held | top holdings
share of each asset class | where is the money | what is in my portfolio | our three largest positions
the smallest position we have | how much of the money sits in etfs | size of the crypto bucket
give me the full list of holdings | which name is the heaviest | how is the money spread over asset classes
what are our biggest positions? | what do we own? | list the holdings | top 5 holdings please | where is my money
how much is in crypto? | what's in the portfolio | largest weights | show my portfolio | what stocks are in there
what's the largest bet | what's our exposure by asset class | which names carry the most weight
what am i holding right now | how diversified are we | what's my largest holding | list everything we hold
how much do we have in forex
# contributors
who contributed most | which agent pushed hardest | attribution please | who moved the weights | shapley values
which analyst mattered most | who is to blame for SYM | contribution by agent | who drove this allocation
biggest influence | how much did AGT contribute | how much of SYM comes from AGT | what did AGT add to SYM
decompose the weight of SYM by agent | who pulled SYM down | who pushed SYM up the most | rank the agents by impact
which view had least effect | whose opinion counted | who had the smallest influence
how much weight moved because of AGT | impact of AGT on the weights | which source was decisive
who deserves credit for SYM | break down contributions | what part of the allocation is from AGT
who won the argument | driver of the allocation | marginal contribution of AGT
which signal provider made the difference | who influenced SYM the strongest | did AGT move anything
what share is the prior and what share the agents | attribution of SYM by source | how did AGT affect SYM
which agent had the most impact | who was the main driver | how strongly did AGT push SYM | contribution of AGT to SYM
show shapley contributions | which agent is responsible for the SYM weight | whose view moved the portfolio the most
AGT contribution? | who had hardly any effect | agent attribution for SYM | whose view moved the portfolio most
effect of AGT on SYM | AGT's contribution | agents by influence | who shaped the portfolio
who determined the weight of SYM | what was AGT's influence | the most influential agent
how did each agent contribute to SYM | which agent moved SYM | how big was the role of AGT | who made SYM so large
what did the agents contribute | which agent tipped the scales | how much did AGT change SYM
who deserves the blame for SYM's weight | split SYM's weight by agent | who added most weight to SYM
how important was AGT for the result | strongest contributor? | who contributed most? | which agent moved the weights?
who drove this? | show the attribution | who is responsible for SYM's weight? | biggest driver?
which analyst had the most influence on SYM | whose view mattered most | which of the agents pushed hardest
break down the weight of SYM by agent | whose opinion counted most | which signal source had the greatest effect
how much did AGT add to SYM | what share of SYM comes from news | which agent had the upper hand
rank the agents by contribution | who pushed SYM up
# compare
why more SYM than SY2 | SYM vs SY2 | compare SYM and SY2 | why is SYM bigger than SY2 | SYM or SY2, which is larger
what's the difference between SYM and SY2 | why SYM and not SY2 | why do we prefer SYM to SY2 | SYM against SY2 please
how does SYM differ from SY2 | why did SYM grow while SY2 shrank | SYM versus SY2: who wins | why SYM rather than SY2
which has more weight, SYM or SY2 | is SYM riskier than SY2 | contrast SYM with SY2 | why less SY2 than SYM
do the agents like SYM better than SY2 | SYM compared to SY2 | why was SYM bought instead of SY2
why do SYM and SY2 have different weights | what speaks for SYM over SY2 | SYM bigger as SY2, why?
head to head SYM SY2 | side by side SYM and SY2 | why is there more SYM than SY2 | SYM vs. SY2? | compare SY2 with SYM
why SYM and less of SY2 | which one is bigger, SYM or SY2 | difference SYM SY2 | why do we hold more SYM than SY2
how come SYM outweighs SY2 | which is bigger SYM or SY2 | SYM and SY2 compared | SYM over SY2, why
why is SYM ahead of SY2 | SYM outweighs SY2 why | what sets SYM and SY2 apart | why hold SYM when SY2 is smaller
SYM against SY2 | why does SYM get more than SY2 | more SYM or more SY2 | why do you favour SYM over SY2
SYM or SY2: which has the larger weight | why do we have more SYM than SY2 | compare SYM to SY2 please
what makes SYM different from SY2 | why less SYM than SY2
# history
how did SYM's weight develop over the last cycles | when did we first buy SYM | what was SYM's weight last cycle
history of SYM | how has SYM evolved | show me SYM over time | how long have we held SYM | since when do we own SYM
when did we last trade SYM | what did we hold in SYM yesterday | SYM weight in previous cycles
has SYM been growing over recent cycles | trend of SYM's weight | past weights of SYM | when was SYM first added
when did we sell SYM last time | did we hold SYM before | how did cash evolve over the last cycles | portfolio history
compare with the previous cycle | what was decided last time | the last five cycles of SYM
how often did we trade SYM | when did SYM enter the book | how many cycles have we held SYM
track record of SYM in the book | SYM timeline | how was SYM positioned before this | evolution of the SYM holding
previous weight of SYM one cycle earlier | when was the first purchase of SYM
how has the drawdown developed recently | how did turnover look in the last cycles | history of decisions
what did earlier cycles do with SYM | was SYM bigger in the past | highest weight SYM ever had | SYM past trades
what happened to SYM after this | the SYM position week by week | how did SYM change over the past cycles
when did we buy SYM for the first time | what was the weight of SYM in the last cycle | show the history of SYM
since when are we holding SYM | SYM over the last ten cycles | when was the last trade in SYM
how has our cash developed over time | was SYM in the book before | what did the previous cycle decide
did we own SYM last week | SYM's past | weights of SYM by cycle | the last cycles
what happened in the previous cycle | previous decisions | how did the SYM position build up over time
SYM a month ago | SYM yesterday | how has SYM changed over time | first time SYM was bought | last time SYM was sold
how many times did we buy SYM | cash over the last cycles | turnover over the last cycles
how long is SYM in the book | SYM in earlier cycles | what did we do with SYM before
what did SYM's weight look like in the past | first purchase of SYM? | SYM last time | how long has SYM been held
did we have SYM in the previous cycle | how did the book's cash move over the cycles | last time we traded SYM
show me past weights for SYM
# counterfactual
what if AGT had said nothing | would we hold SYM without AGT | what would SYM be without AGT | and without AGT?
suppose AGT had abstained | if AGT were ignored what would change | counterfactual without AGT | take out AGT
what would the portfolio look like without AGT | if we drop AGT | what if there had been no cap on names
imagine AGT was silent | leave AGT out, what then | how would the weights change without AGT
would the allocation differ if AGT had not spoken | allocation ex AGT | remove AGT and rerun
had AGT not voted, would SYM be bigger | what happens if I switch off AGT
does it matter that AGT was there, or the same without | no AGT: what weight for SYM
would SYM be larger if AGT had kept quiet | what if we used equal weight as prior
what would have happened without the risk limit | how much less SYM without AGT | if not for AGT would we own SYM
rerun without AGT | what if the momentum features were missing | run it again minus AGT | hypothetically no AGT
what difference would it make if AGT stayed out | would we still buy SYM if AGT didn't exist
what would have happened without AGT | what if AGT hadn't spoken | would SYM still be held if AGT had been silent
how would SYM look without AGT | drop AGT: what changes | what if the name cap did not exist
if AGT had abstained, what would we hold | SYM weight excluding AGT | let's pretend AGT was off
what if we started from an equal weight prior | pretend AGT was off | without AGT | SYM without AGT | excluding AGT
what if AGT were missing | effect of removing AGT | would SYM be in the book without AGT | if AGT had not been there
if there were no cap | without the cap | without the turnover limit | if the class limit was gone
what if AGT kept its mouth shut | AGT switched off | and if AGT had been wrong and ignored
with equal weight as prior | what changes if AGT is dropped | how would we be positioned without AGT
had AGT been absent | what if we ignored AGT | would SYM weigh less without AGT | what if AGT were silent
portfolio without AGT | how different would it be had AGT abstained | what if no cap existed
would we own SYM if not for AGT
# gains
unrealised profit on SYM | how many shares of SYM do we own | what did we pay for SYM on average
average price of SYM | cost basis SYM | is SYM in profit | which position lost most | best performing position
which holding is most in the red | open pnl by position | are we up on SYM | how much have we made on SYM | SYM p&l
entry price of SYM | what's SYM worth in our book | biggest loser in the book | biggest winner | market value of SYM
paper gains | unrealized loss in SYM | how many units of SYM are in the book | quantity of SYM
at which price did we get into SYM on average | which positions are under water | profit per position
how much money is in SYM in dollars | did SYM make us money | gain or loss on SYM so far
position size in units for SYM | top gainers among our holdings | how much profit do we have on SYM
average entry price for SYM | shares of SYM held | which position has the largest loss | our best position by profit
unrealised gains please | what did SYM cost us on average per share | are we winning or losing on SYM | profit on SYM
unrealised gains | what did SYM cost us per share on average | SYM average cost | number of SYM shares we own
what is our SYM position worth in money | loss on SYM | positions with the biggest profit | losing positions
winning positions | did SYM pay off | how has SYM done for us | book value of SYM | break even price of SYM
worst position by profit | how much are we up on SYM | what was our average price for SYM | how many SYM do we own
which holding made the most money | which holding is our worst | what's the open profit
# cash
how much cash | why so much cash | cash weight | cash level? | why is cash up | how much is uninvested
are we fully invested | what is sitting in cash | why did cash rise | dry powder | why aren't we investing more
cash balance after the trades | how liquid are we | what share is not invested | where does the cash come from
did cash go down | money on the sidelines | why keep cash | how much money is idle | cash position pls
explain the cash | reason for the low cash | is there any money left | unspent money | cash pile
how much of the book is cash | why is there so much cash | what's the cash share | did cash increase
how much is still uninvested | reason for holding cash | cash share | how large is the cash position
cash at the moment | why is cash so high | why is cash so low | what about cash | did the cash grow
why did cash fall | uninvested part | part that is not invested | where did the cash go | why hold so much cash
cash in the book | how much is held in cash | what explains the big cash position | is cash higher than before
how much free cash is there | why so much cash? | how much cash do we have | how much is uninvested?
are we sitting on dry powder | how much money is not invested | what's the cash level | why aren't we fully invested
what portion is kept in cash
# book
what is the book worth | nav | drawdown? | how did we perform | are we up or down | portfolio value | account value
what's the peak value | how far below the high | return since last slot | did we make money
profit and loss of the book | how much money do we have in total | net asset value now | how much did we lose
equity of the account | performance | max drawdown so far | how are we doing overall | what's our pnl
are we in profit | total value of the fund | day return | did the fund gain today | how rich are we | fund size
what's the balance of the account | loss today? | value of the portfolio after fills | how deep is the drawdown
how much is the portfolio worth | are we making money | what's the drawdown at the moment | NAV? | value of the book
by how much are we below the peak | return of the last day | how is the fund doing | how much is my portfolio worth
total assets | how much are we down | how much are we up | gains or losses of the book | the value of everything
value now | account balance | our performance | what's the fund worth | how did the book do | drawdown of the book
are we losing money | peak and drawdown | what are we worth now | current net asset value | is the book in drawdown
have we lost money since yesterday's close | total portfolio value? | what is the book worth? | what's our drawdown?
how are we doing | did we lose money | net asset value? | portfolio value please | what's the account value
how far are we below the high | how much is the fund worth now | are we in the red | did the portfolio gain or lose
current drawdown?
# turnover
what was the turnover | how much did we trade in total | how much of the book was turned over | turnover?
how much was traded | percentage of portfolio traded | was it a busy rebalance | how much churn | trading activity
what fraction of nav changed hands | how active were we | total traded volume relative to nav | did we trade a lot
size of the rebalance | is the turnover high | portfolio rotation this cycle | how much has been reshuffled
one-way or two-way turnover, how big | how much buying and selling was there in percent | churn rate
how much did we turn over | turnover of this cycle? | what portion of the book got traded | how heavy was the trading
was there a lot of churn | turnover in percent | portion of the book that got traded | turnover figure
how large was the rebalance | percent of the book traded | amount of trading | how much rebalancing was there
rebalance size | how much of the portfolio did we trade | trading intensity | how high was turnover
what percentage of the portfolio changed hands | how much trading was done overall | was the rebalance big
what was the turnover? | how much of the book was traded? | how much did we trade | how active was the rebalance
how much was turned around | what fraction of the portfolio turned over
"""
