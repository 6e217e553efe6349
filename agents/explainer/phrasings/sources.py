"""Questions on data, texts, policies and the market; and what cannot be answered."""

TABLE = """
# evidence
what was the news on SYM | show me the headlines | what evidence is there for SYM | any articles
what is the basis for this | which signals support SYM | which features drove SYM | on what grounds was SYM judged
what did reddit say | sentiment on SYM | what data supports the view on SYM | sources for the SYM opinion | proof?
what did you read about SYM | press coverage of SYM | tweets about SYM | indicators behind SYM | any news
what were the posts saying | which feature group mattered for SYM | what is this decision based on
give me the evidence | latest headlines please | was there bad press on SYM | what facts led to this score
what info did AGT use for SYM | which inputs did AGT look at | newsflow? | headline risk in SYM
what's the tone of the news | how many headlines were there | cite your sources | technical signals for SYM
what evidence did AGT give for SYM | what do the papers write | which factors are behind SYM's score
feature attribution | how many posts did we read | newest headline | what stories were published on SYM
what news came in for SYM | which headlines did you see | evidence for SYM please | what is AGT's evidence on SYM
was the press positive on SYM | what were people posting | what are the grounds for this score of SYM | sources?
show supporting evidence | which texts were read | what does social media say about SYM | which articles mention SYM
news about SYM | the reason in the data for SYM's score | which texts did you read | headlines on SYM | posts on SYM
what is the evidence | what backs this up | which facts support AGT's view on SYM | how was the press on SYM
reddit posts about SYM | what tone did the headlines have | which features did AGT use | any recent news about SYM
which articles did you look at for SYM | what proof do we have for the SYM view | show the posts
what were the headlines about | what did AGT base its SYM score on | what was the news on SYM?
what evidence was there for SYM | what is this based on? | what did social media say | which signals were behind SYM
any articles about SYM | how was the sentiment | what did the papers say about apple SYM | show your sources
which data points support the SYM view | what headlines mention SYM | on what grounds did you judge SYM
what did you read before deciding | is there any proof behind this | show me the tweets and posts
what information led to the SYM score | was there bad news about SYM
# data
data problems? | any stale prices | is data missing | data quality | which sources were unavailable
what could not be traded | are the prices fresh | can I trust the data | data findings
was anything wrong with the inputs | is SYM stale | is the SYM price reliable | gaps in the data | did a feed fail
which symbols were untradable | data issues on SYM | outdated quotes | was news unavailable | missing data?
was the data complete | any anomalies in the data | what data could you not get | bad ticks?
is there something odd with prices | was SYM tradable | why couldn't we trade SYM | how old are the prices
quality checks on the data | which data is lacking | were there data errors | how many findings
did some provider go down | data health | what kinds of data were not available | was any data stale
were there issues with the data | which data sources failed | is SYM data ok | which symbols weren't tradable
any gaps or missing prices | was everything available | how good is the data quality | is the data okay
any data missing | were feeds down | problem with quotes | which prices are old | prices ok? | stale?
is any symbol stale | reliability of the data | data warnings | what was wrong with the data | untradable symbols
which sources failed | could all sources be read | holes in the data | was SYM's price fresh | what could we not see
unavailable sources | did any data fail to arrive | are there stale symbols | data problems with SYM?
were all feeds up | what was missing from the data | is the input data trustworthy | any problems with the data?
were any prices stale? | what data was missing | can i trust the prices | data quality?
which symbols could not be traded | any findings? | is the data reliable | were there gaps in the prices
did any feed fail | is there something off with SYM prices | how fresh are the quotes
were some symbols skipped for bad data | is any price out of date
# policies
which policy was used | trained until when | was it in sample | what did the policy score on unseen dates
policy card | which model made this | how good is the policy out of sample | had the policy seen these dates
training data of the policy | when was the model trained | did the network see this date | unseen sharpe of the policy
in-sample or out-of-sample? | which RL model is running | what algorithm trained the policy
seen versus unseen performance | how overfit is the policy | policy version | what's the gap between seen and unseen
is the model memorising | which neural nets took part | tell me about the trained policies | model card please
was the policy trained on data after this date | how was the policy trained | is the policy any good
what metrics does the policy have | id of the policy | which checkpoint is in use | who trained the policy and on what
cutoff date of training | validation results of the policy | is there look-ahead in the policy
which trained policy decided | until which date was the policy trained | what's the out of sample sharpe of the policy
was this date in the training sample | show the policy card | does the policy overfit
which version of the policy was it | how did the policy do on unseen data | which policy decided
the trained policy behind this | training period of the policy | was the policy trained before this date
out of sample results | unseen performance of the policy | how did the policy test | policy details | about the policy
is the model overfitted | does the policy know this date already | in sample? | what was the policy trained on
score of the policy on new data | policy id | which model is deployed | name the policy that was used
training cutoff of the policy? | how does the policy perform on unseen dates | is this in sample for the policy
what's the policy's sharpe | when did training end | which policies were used? | had the policy seen these dates?
was this in-sample? | when was the policy trained | is the rl policy evaluated out of sample?
did a trained model take part | was the model trained on this period | did the neural net see the future
what is the policy id | which trained policies were loaded | did the agent train on 2020
# fallback
did anything fall back | was a fallback used | fallback chain | did the policy fail | which controller allocated
did you use the backup | which link of the chain was used | why was the policy not used | plan b?
how were the weights computed | was the rule-based blend used | did we end up on the prior | what was tried first
did the first choice work | which method produced the weights | why did the main policy fail
was the primary controller ok | did it degrade gracefully | was the learned controller skipped
did the meta controller have to use something else | what broke in the chain | fall back reason | was there a fallback
which controller made the weights | did the learned policy fail | show the chain of fallbacks | was plan B used
who computed the allocation in the end, the policy or the rule | who computed the allocation in the end
policy or rule | did the rule take over | was the policy replaced | how was the allocation computed
what computed the weights | which method was used for the weights | did the model fail and something else took over
chain of controllers | what fell back | was it the policy or the blend | did it have to fall back to the prior
did the controller fall back | was the rule used instead of the policy | what does the fallback chain look like
which link decided | did anything fall back? | show the fallback chain | which controller was used
did the main model fail | did you have to use the backup rule | what happened to the primary policy
# regime
what regime are we in | is the market calm | market regime | how turbulent is it | market breadth | bull or bear
state of the market | is it a crisis | risk-on or risk-off | are markets nervous | regime probabilities
mood of the market | is the market stressed | how's the market environment | what kind of market is this
panic in the market? | probability of turbulence | were conditions normal | is the market wild at the moment
how many symbols are above their average | quiet or hectic market | which regime is it
is the market turbulent right now in the model | how calm were the markets
what's the probability of the turbulent regime | market conditions? | breadth of the market | market regime right now
how turbulent are markets | are we in a bear market | calm or stormy | what state is the market in
probability of a crisis regime | market mood | breadth? | is the market healthy | market conditions | turbulence?
are most stocks rising | what's the market regime | are markets calm or turbulent | how broad is the market
is this a stressed market | what regime are we in? | is the market turbulent? | what's the mood of the market
how calm is it | bull market or bear market? | is the market in panic mode | is volatility regime high
what kind of market is it | calm or turbulent?
# macro
what does macro say | inflation? | cpi print | interest rates | latest macro releases | unemployment rate
how is the economy | what did the fed do | credit spreads | gdp | when was the last cpi release | economic data please
what macro data was known | oil price level | yield curve | rates environment | jobs numbers | are rates rising
macro backdrop | economic indicators | any new economic releases | what is the inflation figure you used
macro series | what are the latest macro figures | how high is inflation | current unemployment
what did macro releases show | when was CPI published | interest rate level | macro figures | latest cpi
what about inflation | unemployment? | fed funds rate | economic news | macro series please | how did the economy do
which economic figures were out | treasury yields | consumer prices | what are rates doing | what's inflation at
any macro news | what do the economic indicators say | where do interest rates stand | what did the macro data say
how is inflation? | what about interest rates | latest economic releases | cpi? | what's the latest cpi print
how's the economy | where are rates | did any macro numbers come out
# identity
when was this decided | which cycle is this | as of when | which slot | cycle id | data hash | is this simulated data
where is the data from | which source | what date is this | reproducibility info | code version | which book is this
timestamp of the decision | content hash | what day are we talking about | is it real data | snapshot hash
which version of the data | when did this run | config hash | date of the cycle | what's the cycle id
what date was this decision made | which book does this belong to | is it the simulated source | hash of the data
as of which time was the data | cycle id please | date? | which day | what time was it decided
when exactly was the decision taken | whose book is this | simulated or real | name of the source | data version
fingerprint of the data | hashes | which record is this | give me the id of this cycle | which day was this for
what is the source of the data | data fingerprint? | when was this decided? | which source did this use
is this simulated? | what's the hash of the snapshot | as of what date | what date is this for
what timestamp does this have | is this real or simulated data | what day is this decision for
where does this data come from
# quote
what was the price of SYM | SYM price | last close of SYM | what's the RSI of SYM | volatility of SYM
momentum of SYM | which asset class is SYM | features of SYM | at what price was SYM trading | SYM quote
what's the 63 day momentum for SYM | show the indicators of SYM | how volatile is SYM itself | what sector is SYM in
price level of SYM at decision time | vol_21 of SYM | rsi SYM | current mark of SYM | where did SYM close
technicals of SYM | most volatile symbol | highest momentum symbol | what kind of instrument is SYM
feature values SYM | lowest rsi | is SYM overbought by rsi | what is SYM | which symbols have the strongest momentum
price per share SYM | how much does one SYM cost | price of SYM? | at which price did SYM close | RSI for SYM
what features does SYM have | which asset class does SYM belong to | which symbol is the most volatile
what was SYM trading at when you decided | 21 day volatility of SYM | SYM closing price | price SYM
price of SYM when decided | SYM's volatility | SYM's rsi | the features of SYM | what do you know about SYM's price
what type of asset is SYM | how much was SYM | which symbol is most volatile | which symbol has the lowest rsi
class of SYM | SYM share price | indicator values of SYM | what was SYM's last price | how volatile is SYM
SYM's momentum feature | what asset class is SYM | which symbols have the highest rsi
# help
what can I ask | help | what do you know | which questions do you understand | what can you tell me
how do I use this | what are you able to answer | give me examples of questions | options?
what kind of questions can you answer | how does this work | what should I ask you | list of commands | commands?
show me what I can ask | what can you do for me | which questions are possible | help me | how can I use you
give me some example questions | what may I ask you | what can i do here | what may i ask | example questions
what do you answer | which questions work | what topics do you know | give me ideas what to ask
what is possible here | how does asking work | what do you understand | what kinds of things can I ask | how do I ask
show some examples
# beyond
will SYM go up tomorrow | should I buy SYM | what will the market do next week | who is the CEO of SYM
is SYM a good investment | what is your price target for SYM | predict SYM | what are SYM's earnings
when will SYM report earnings | what will happen next | is now a good time to invest | what does SYM's company do
where will SYM be in a year | what is SYM's dividend | forecast for SYM | how will inflation develop
should I sell everything | will we make money next month | what's SYM trading at right now | is SYM going to crash
can I retire | what is the P/E of SYM | who founded SYM | what would Warren Buffett do | give me a stock tip
will the fed cut rates | how many employees does SYM have | what is SYM's market cap | tell me tomorrow's price of SYM
do you recommend SYM as an investment | what will SYM do after the next earnings | is SYM undervalued
expected return of SYM next year | who owns SYM | will it rise | will SYM rise next week | should we sell SYM now
who runs SYM | what is going to happen tomorrow | is SYM a buy | what's SYM's revenue
how will the market open on Monday | what is the dividend yield of SYM | can you forecast the price of SYM
what will our return be next year | when is SYM's next earnings call | SYM's revenue | should we sell SYM
what's the outlook for the world economy next year | is SYM a good company | what happens next week
will there be a crash | tips for tomorrow | what will SYM be worth | what does SYM produce
when does SYM pay dividends | how will markets open | where is SYM based | is it wise to buy SYM
what return can i expect | who is the boss of SYM | when is the next earnings call of SYM | could SYM double
will we make a profit | will SYM fall | should I hold SYM | what's the forecast for next month
who is SYM's chief executive | is it a good time to buy SYM | where will the market be in december
how much profit will we make
# unknown
what is the capital of France | write me a poem | how do I cook rice | asdf qwer | who will win the world cup
do you love me | translate this into German | what time is lunch | blah blah | fix my printer | how old are you
good morning | what is the capital of spain | write a poem | how do i cook pasta | tell me a joke
who won the football | sing me a song | what's for lunch | how is the weather today | hello | hi there | good evening
thank you | thanks a lot | ok | lorem ipsum dolor sit amet | qwerty asdf | 12345 | what is the meaning of life
who are you | where do you live | do you like music | my dog is sick | can i have a coffee | book me a flight
how tall is the eiffel tower | what is love | fix my computer | play chess with me | are you human
write python code for me | who is the president | translate this | what's your favourite colour
how many planets are there | i am bored | what year is it in china | foo bar baz | xyzzy | banana
recommend me a film | what's your name | how far is the moon | tell me a story | order a pizza | zzz
who wrote hamlet | is it raining | i love you
"""
