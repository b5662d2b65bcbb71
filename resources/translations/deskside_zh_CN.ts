<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
    <context>
        <name>AdvicePage</name>
        <message>
            <source>Another machine</source>
            <translation>另买一台机器</translation>
        </message>
        <message>
            <source>Back to the chat</source>
            <translation>返回对话</translation>
        </message>
        <message>
            <source>Check and recommendation</source>
            <translation>检测与推荐</translation>
        </message>
        <message>
            <source>More in this machine</source>
            <translation>给这台机器添置</translation>
        </message>
        <message>
            <source>Speeds are estimated: the bar is the range, its line is the speed at which people read.</source>
            <translation>速度为估计值：色条是范围，竖线是人阅读的速度。</translation>
        </message>
        <message>
            <source>What to buy, if anything</source>
            <translation>要不要买，买什么</translation>
        </message>
    </context>
    <context>
        <name>AdviceStepView</name>
        <message>
            <source>More models</source>
            <translation>更多模型</translation>
        </message>
        <message>
            <source>Recommendation</source>
            <translation>推荐</translation>
        </message>
        <message>
            <source>The flagship, for comparison</source>
            <translation>旗舰模型（供比较）</translation>
        </message>
        <message>
            <source>This one will not run here. Choose another to go on.</source>
            <translation>这个模型在本机无法运行。请另选一个以继续。</translation>
        </message>
        <message>
            <source>Try again</source>
            <translation>重试</translation>
        </message>
        <message>
            <source>What it can run</source>
            <translation>这台机器能运行什么</translation>
        </message>
        <message>
            <source>Working out what runs here…</source>
            <translation>正在计算本机能运行的模型…</translation>
        </message>
    </context>
    <context>
        <name>AimRow</name>
        <message>
            <source>For</source>
            <translation>用途</translation>
        </message>
        <message>
            <source>Prefer</source>
            <translation>更看重</translation>
        </message>
    </context>
    <context>
        <name>AnswerDetails</name>
        <message>
            <source>Answer</source>
            <translation>回答</translation>
        </message>
        <message>
            <source>Answers computed together</source>
            <translation>同时计算的回答</translation>
        </message>
        <message>
            <source>Computed for this answer</source>
            <translation>为此回答计算</translation>
        </message>
        <message>
            <source>Cost of the energy</source>
            <translation>电费</translation>
        </message>
        <message>
            <source>Energy of the graphics cards</source>
            <translation>显卡耗能</translation>
        </message>
        <message>
            <source>First token after</source>
            <translation>首词元用时</translation>
        </message>
        <message>
            <source>Foreseen from the text before</source>
            <translation>根据前文猜中</translation>
        </message>
        <message>
            <source>Known from before (KV cache)</source>
            <translation>此前已知（KV 缓存）</translation>
        </message>
        <message>
            <source>Of these, brought back from disk</source>
            <translation>其中从磁盘恢复</translation>
        </message>
        <message>
            <source>Of these, reasoning</source>
            <translation>其中思考部分</translation>
        </message>
        <message>
            <source>Prompt</source>
            <translation>提示词</translation>
        </message>
        <message>
            <source>Read the prompt</source>
            <translation>读取提示词</translation>
        </message>
        <message>
            <source>Waited in the queue</source>
            <translation>排队等待</translation>
        </message>
        <message>
            <source>Wrote the answer</source>
            <translation>写出回答</translation>
        </message>
        <message>
            <source>told by {host}</source>
            <translation>由 {host} 提供</translation>
        </message>
        <message>
            <source>told or counted</source>
            <translation>由对方提供或在此计数</translation>
        </message>
        <message>
            <source>{cost} {currency}, at {price} a kWh</source>
            <translation>{cost} {currency}，按每千瓦时 {price} 计</translation>
        </message>
        <message>
            <source>{count} tokens</source>
            <translation>{count} 个词元</translation>
        </message>
        <message>
            <source>{held} of {drafted}</source>
            <translation>{held}（共 {drafted} 个）</translation>
        </message>
        <message>
            <source>{seconds} s</source>
            <translation>{seconds} 秒</translation>
        </message>
        <message>
            <source>{speed} tokens/s</source>
            <translation>{speed} 词元/秒</translation>
        </message>
        <message>
            <source>{wh} Wh · {joules} J a token</source>
            <translation>{wh} Wh · 每词元 {joules} J</translation>
        </message>
        <message>
            <source>{width} on average</source>
            <translation>平均 {width} 个</translation>
        </message>
    </context>
    <context>
        <name>ApiKeyRow</name>
        <message>
            <source>API key</source>
            <translation>API 密钥</translation>
        </message>
        <message>
            <source>Copy the key</source>
            <translation>复制密钥</translation>
        </message>
        <message>
            <source>Hide the key</source>
            <translation>隐藏密钥</translation>
        </message>
        <message>
            <source>New key</source>
            <translation>新密钥</translation>
        </message>
        <message>
            <source>Programs that have the old key can then no longer connect.</source>
            <translation>之后，使用旧密钥的程序将无法再连接。</translation>
        </message>
        <message>
            <source>Show the key</source>
            <translation>显示密钥</translation>
        </message>
        <message>
            <source>hidden</source>
            <translation>已隐藏</translation>
        </message>
    </context>
    <context>
        <name>ApiSwitch</name>
        <message>
            <source>Copy the address</source>
            <translation>复制地址</translation>
        </message>
        <message>
            <source>For other computers: {addresses}</source>
            <translation>供其他电脑使用：{addresses}</translation>
        </message>
        <message>
            <source>Let other programs use the models</source>
            <translation>允许其他程序使用模型</translation>
        </message>
        <message>
            <source>On, at {address}</source>
            <translation>已开启：{address}</translation>
        </message>
        <message>
            <source>Other computers too</source>
            <translation>也允许其他电脑</translation>
        </message>
        <message>
            <source>Port of the API</source>
            <translation>API 端口</translation>
        </message>
        <message>
            <source>Programs that speak OpenAI's protocol can then chat with them. Those on other computers need the API key, and what they send and receive is not encrypted on the way.</source>
            <translation>之后，使用 OpenAI 协议的程序就可以与模型对话。其他电脑上的程序需要 API 密钥，且收发的内容在传输途中不加密。</translation>
        </message>
    </context>
    <context>
        <name>Attaching</name>
        <message>
            <source>Pasted image</source>
            <translation>粘贴的图片</translation>
        </message>
    </context>
    <context>
        <name>Banner</name>
        <message>
            <source>Close this message</source>
            <translation>关闭此消息</translation>
        </message>
    </context>
    <context>
        <name>BannerArea</name>
        <message>
            <source>Show fewer messages</source>
            <translation>收起较早的消息</translation>
        </message>
        <message>
            <source>Show one older message</source>
            <translation>显示 1 条较早的消息</translation>
        </message>
        <message>
            <source>Show {count} older messages</source>
            <translation>显示 {count} 条较早的消息</translation>
        </message>
    </context>
    <context>
        <name>BudgetView</name>
        <message>
            <source> CNY</source>
            <translation> 元</translation>
        </message>
        <message>
            <source>A budget of a widely copied guide</source>
            <translation>一份广为流传的教程中的预算</translation>
        </message>
        <message>
            <source>API, CNY per million tokens</source>
            <translation>API 价格，元/百万词元</translation>
        </message>
        <message>
            <source>Budget</source>
            <translation>预算</translation>
        </message>
        <message>
            <source>Budget in CNY</source>
            <translation>预算（元）</translation>
        </message>
        <message>
            <source>Buy: {machine}</source>
            <translation>建议购买：{machine}</translation>
        </message>
        <message>
            <source>Compare</source>
            <translation>比较</translation>
        </message>
        <message>
            <source>Don't buy</source>
            <translation>不建议购买</translation>
        </message>
        <message>
            <source>Electricity, CNY/kWh</source>
            <translation>电价，元/千瓦时</translation>
        </message>
        <message>
            <source>I have</source>
            <translation>我有</translation>
        </message>
        <message>
            <source>Machine</source>
            <translation>机器</translation>
        </message>
        <message>
            <source>Machines that the money buys</source>
            <translation>这笔钱能买到的机器</translation>
        </message>
        <message>
            <source>Pays after</source>
            <translation>回本时间</translation>
        </message>
        <message>
            <source>Per million,
at most</source>
            <translation>每百万词元，
最多</translation>
        </message>
        <message>
            <source>Runs</source>
            <translation>能运行</translation>
        </message>
        <message>
            <source>Stop</source>
            <translation>停止</translation>
        </message>
        <message>
            <source>Stopped: {done} of {total} machines are compared.</source>
            <translation>已停止：{total} 台机器中比较了 {done} 台。</translation>
        </message>
        <message>
            <source>Three budgets of a widely copied guide</source>
            <translation>一份广为流传的教程中的三档预算</translation>
        </message>
        <message>
            <source>Tokens a day</source>
            <translation>每天的词元数</translation>
        </message>
        <message>
            <source>Working it out…</source>
            <translation>正在计算…</translation>
        </message>
        <message>
            <source>given by you</source>
            <translation>由您填写</translation>
        </message>
        <message>
            <source>not said, e.g. {example}</source>
            <translation>未填写，例如 {example}</translation>
        </message>
        <message>
            <source>nothing</source>
            <translation>无</translation>
        </message>
        <message>
            <source>{count} at once</source>
            <translation>同时 {count} 路</translation>
        </message>
        <message>
            <source>{done} of {total} machines are compared…</source>
            <translation>已比较 {done}/{total} 台机器…</translation>
        </message>
    </context>
    <context>
        <name>Canvas</name>
        <message>
            <source>Conversation</source>
            <translation>对话</translation>
        </message>
        <message>
            <source>Copied</source>
            <translation>已复制</translation>
        </message>
        <message>
            <source>Copy</source>
            <translation>复制</translation>
        </message>
        <message>
            <source>Edit (F2)</source>
            <translation>编辑（F2）</translation>
        </message>
        <message>
            <source>Jump to the end</source>
            <translation>跳到末尾</translation>
        </message>
        <message>
            <source>Scroll the formula to the left</source>
            <translation>向左滚动公式</translation>
        </message>
        <message>
            <source>Scroll the formula to the right</source>
            <translation>向右滚动公式</translation>
        </message>
        <message>
            <source>code</source>
            <translation>代码</translation>
        </message>
    </context>
    <context>
        <name>ChatFiles</name>
        <message>
            <source>Export all chats</source>
            <translation>导出全部对话</translation>
        </message>
        <message>
            <source>Export the chat</source>
            <translation>导出对话</translation>
        </message>
        <message>
            <source>Exports of Deskside or ChatGPT (*.zip *.json)</source>
            <translation>Deskside 或 ChatGPT 的导出文件 (*.zip *.json)</translation>
        </message>
        <message>
            <source>JSON, with everything (*.json)</source>
            <translation>JSON，包含全部内容 (*.json)</translation>
        </message>
        <message>
            <source>Markdown, to read (*.md)</source>
            <translation>Markdown，便于阅读 (*.md)</translation>
        </message>
        <message>
            <source>Take in chats</source>
            <translation>导入对话</translation>
        </message>
        <message>
            <source>Web page (*.html)</source>
            <translation>网页 (*.html)</translation>
        </message>
    </context>
    <context>
        <name>ChatPage</name>
        <message>
            <source>Attach files</source>
            <translation>添加附件</translation>
        </message>
        <message>
            <source>Loading the model … {percent} %</source>
            <translation>正在加载模型… {percent}%</translation>
        </message>
        <message>
            <source>Opening the conversation …</source>
            <translation>正在打开对话…</translation>
        </message>
        <message>
            <source>Other answers come first: place {place} in the queue</source>
            <translation>其他回答在先：排在第 {place} 位</translation>
        </message>
        <message>
            <source>Reading {done} of {total} tokens</source>
            <translation>正在读取提示词：{done} / {total} 词元</translation>
        </message>
        <message>
            <source>Starting the model …</source>
            <translation>正在启动模型…</translation>
        </message>
        <message>
            <source>Stopping …</source>
            <translation>正在停止…</translation>
        </message>
        <message>
            <source>Waiting for the first word …</source>
            <translation>正在等待第一个字…</translation>
        </message>
        <message>
            <source>in the queue, place {place}</source>
            <translation>排队中，第 {place} 位</translation>
        </message>
        <message>
            <source>reading prompt, {done} of {total}</source>
            <translation>正在读取提示词：{done} / {total}</translation>
        </message>
        <message>
            <source>summarising</source>
            <translation>正在写摘要</translation>
        </message>
    </context>
    <context>
        <name>ChatSettings</name>
        <message>
            <source>Export all chats</source>
            <translation>导出全部对话</translation>
        </message>
        <message>
            <source>Export all…</source>
            <translation>全部导出…</translation>
        </message>
        <message>
            <source>Exports of Deskside or ChatGPT</source>
            <translation>Deskside 或 ChatGPT 的导出文件</translation>
        </message>
        <message>
            <source>Import chats</source>
            <translation>导入对话</translation>
        </message>
        <message>
            <source>Import…</source>
            <translation>导入…</translation>
        </message>
        <message>
            <source>Let the model name new chats</source>
            <translation>由模型为新对话命名</translation>
        </message>
    </context>
    <context>
        <name>CheckStepView</name>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>Check again</source>
            <translation>重新检测</translation>
        </message>
        <message>
            <source>Check of this machine</source>
            <translation>本机检测</translation>
        </message>
        <message>
            <source>Correct by hand</source>
            <translation>手动更正</translation>
        </message>
        <message>
            <source>Disk</source>
            <translation>磁盘</translation>
        </message>
        <message>
            <source>Graphics card (GPU)</source>
            <translation>显卡（GPU）</translation>
        </message>
        <message>
            <source>Memory</source>
            <translation>内存</translation>
        </message>
        <message>
            <source>Memory and disk are measured, which takes some seconds. Nothing leaves this machine.</source>
            <translation>将实测内存与磁盘的速度，需要几秒钟。任何数据都不会离开本机。</translation>
        </message>
        <message>
            <source>Processor</source>
            <translation>处理器</translation>
        </message>
        <message>
            <source>Since the last check</source>
            <translation>与上次检测相比</translation>
        </message>
        <message>
            <source>The check is done.</source>
            <translation>检测完成。</translation>
        </message>
        <message>
            <source>The check was cancelled. Nothing was changed; check again to go on.</source>
            <translation>检测已取消，未作任何更改。重新检测即可继续。</translation>
        </message>
        <message>
            <source>What is in this machine</source>
            <translation>这台机器的配置</translation>
        </message>
        <message>
            <source>checking…</source>
            <translation>检测中…</translation>
        </message>
        <message>
            <source>done</source>
            <translation>完成</translation>
        </message>
        <message>
            <source>not checked</source>
            <translation>未检测</translation>
        </message>
        <message>
            <source>reads {rate}</source>
            <translation>读取 {rate}</translation>
        </message>
        <message>
            <source>set by hand</source>
            <translation>手动设置</translation>
        </message>
        <message>
            <source>waiting</source>
            <translation>等待中</translation>
        </message>
        <message>
            <source>{place} reads {rate}</source>
            <translation>{place} 读取 {rate}</translation>
        </message>
    </context>
    <context>
        <name>Commands</name>
        <message>
            <source>All commands</source>
            <translation>所有命令</translation>
        </message>
        <message>
            <source>Ask for another answer</source>
            <translation>重新回答</translation>
        </message>
        <message>
            <source>Attach files</source>
            <translation>添加附件</translation>
        </message>
        <message>
            <source>Carry the last answer on</source>
            <translation>继续上一个回答</translation>
        </message>
        <message>
            <source>Chat: {title}</source>
            <translation>对话：{title}</translation>
        </message>
        <message>
            <source>Check this machine</source>
            <translation>检测本机</translation>
        </message>
        <message>
            <source>Copy the last answer</source>
            <translation>复制最后的回答</translation>
        </message>
        <message>
            <source>Find in this chat</source>
            <translation>在此对话中查找</translation>
        </message>
        <message>
            <source>Free the memory of the model</source>
            <translation>释放模型占用的内存</translation>
        </message>
        <message>
            <source>Go to the conversation</source>
            <translation>转到对话内容</translation>
        </message>
        <message>
            <source>Go to the message field</source>
            <translation>转到消息框</translation>
        </message>
        <message>
            <source>Keyboard shortcuts</source>
            <translation>键盘快捷键</translation>
        </message>
        <message>
            <source>Models</source>
            <translation>模型</translation>
        </message>
        <message>
            <source>New chat</source>
            <translation>新建对话</translation>
        </message>
        <message>
            <source>Next chat</source>
            <translation>下一个对话</translation>
        </message>
        <message>
            <source>Previous chat</source>
            <translation>上一个对话</translation>
        </message>
        <message>
            <source>Prompt: {prompt}</source>
            <translation>提示词：{prompt}</translation>
        </message>
        <message>
            <source>Quit</source>
            <translation>退出</translation>
        </message>
        <message>
            <source>Search all chats</source>
            <translation>搜索全部对话</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>设置</translation>
        </message>
        <message>
            <source>Settings of this chat</source>
            <translation>此对话的设置</translation>
        </message>
        <message>
            <source>Show or hide the graphs</source>
            <translation>显示或隐藏图表</translation>
        </message>
        <message>
            <source>Show the trash</source>
            <translation>显示回收站</translation>
        </message>
        <message>
            <source>Speed and memory over time</source>
            <translation>速度与内存的历史</translation>
        </message>
        <message>
            <source>Stop the answer</source>
            <translation>停止回答</translation>
        </message>
        <message>
            <source>Switch models</source>
            <translation>切换模型</translation>
        </message>
        <message>
            <source>Use {model}</source>
            <translation>使用 {model}</translation>
        </message>
        <message>
            <source>What to buy</source>
            <translation>买什么</translation>
        </message>
        <message>
            <source>Your prompts</source>
            <translation>您的提示词</translation>
        </message>
    </context>
    <context>
        <name>Composer</name>
        <message>
            <source>Attach text, code, a PDF or an image</source>
            <translation>添加文本、代码、PDF 或图片</translation>
        </message>
        <message>
            <source>Enter sends, Shift and Enter begins a new line, a slash begins a command.</source>
            <translation>Enter 发送，Shift 加 Enter 换行，斜杠输入命令。</translation>
        </message>
        <message>
            <source>Message</source>
            <translation>消息</translation>
        </message>
        <message>
            <source>Message the model on {host}…</source>
            <translation>给 {host} 上的模型发消息…</translation>
        </message>
        <message>
            <source>Message the model…</source>
            <translation>给模型发消息…</translation>
        </message>
        <message>
            <source>Send</source>
            <translation>发送</translation>
        </message>
        <message>
            <source>Settings of this chat</source>
            <translation>此对话的设置</translation>
        </message>
        <message>
            <source>Stop</source>
            <translation>停止</translation>
        </message>
    </context>
    <context>
        <name>ConnectionSettings</name>
        <message>
            <source>Ask hf-mirror.com and ModelScope too; the fastest is taken</source>
            <translation>也查询 hf-mirror.com 和 ModelScope，使用最快的来源</translation>
        </message>
        <message>
            <source>Both then hear which models you fetch. What differs from what the hub holds is not taken.</source>
            <translation>两者会因此得知您下载哪些模型。与模型库内容不同的不会被采用。</translation>
        </message>
        <message>
            <source>Certificates</source>
            <translation>证书</translation>
        </message>
        <message>
            <source>Certificates (*.pem *.crt *.cer)</source>
            <translation>证书 (*.pem *.crt *.cer)</translation>
        </message>
        <message>
            <source>Certificates to trust besides the system's</source>
            <translation>除系统证书外还要信任的证书</translation>
        </message>
        <message>
            <source>Change…</source>
            <translation>更改…</translation>
        </message>
        <message>
            <source>Choose a file of certificates</source>
            <translation>选择证书文件</translation>
        </message>
        <message>
            <source>Mirrors</source>
            <translation>镜像</translation>
        </message>
        <message>
            <source>Proxy</source>
            <translation>代理</translation>
        </message>
        <message>
            <source>Stop the test</source>
            <translation>停止测试</translation>
        </message>
        <message>
            <source>Test the connection</source>
            <translation>测试连接</translation>
        </message>
        <message>
            <source>Those of the system</source>
            <translation>使用系统证书</translation>
        </message>
        <message>
            <source>Trust the certificates of the system only</source>
            <translation>只信任系统证书</translation>
        </message>
        <message>
            <source>Use the default</source>
            <translation>使用默认值</translation>
        </message>
        <message>
            <source>as the system; or http://… or socks5://…; or direct</source>
            <translation>跟随系统；或 http://…、socks5://…；或 direct（直连）</translation>
        </message>
        <message>
            <source>asking each of them…</source>
            <translation>正在逐个测试…</translation>
        </message>
        <message>
            <source>none; or addresses and folders</source>
            <translation>无；或网址和文件夹</translation>
        </message>
    </context>
    <context>
        <name>ContextMeter</name>
        <message>
            <source>Answer {tokens}</source>
            <translation>回答 {tokens}</translation>
        </message>
        <message>
            <source>Context</source>
            <translation>上下文</translation>
        </message>
        <message>
            <source>Counted while the last answer was written.</source>
            <translation>在生成上一个回答时统计。</translation>
        </message>
        <message>
            <source>Files to be sent {tokens} ({origin})</source>
            <translation>待发附件 {tokens}（{origin}）</translation>
        </message>
        <message>
            <source>Left {tokens}</source>
            <translation>剩余 {tokens}</translation>
        </message>
        <message>
            <source>Prompt {tokens}</source>
            <translation>提示词 {tokens}</translation>
        </message>
        <message>
            <source>Reasoning {tokens}</source>
            <translation>思考 {tokens}</translation>
        </message>
        <message>
            <source>{counted}, files about {tokens}</source>
            <translation>{counted}，附件约 {tokens}</translation>
        </message>
        <message>
            <source>{counted}, files {tokens}</source>
            <translation>{counted}，附件 {tokens}</translation>
        </message>
        <message>
            <source>{used} of {window} tokens</source>
            <translation>{used} / {window} 词元</translation>
        </message>
    </context>
    <context>
        <name>ContextNotice</name>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>Close this message</source>
            <translation>关闭此消息</translation>
        </message>
        <message>
            <source>Forget the beginning</source>
            <translation>忘记开头</translation>
        </message>
        <message>
            <source>Leave it</source>
            <translation>保持不变</translation>
        </message>
        <message>
            <source>Progress of the summary</source>
            <translation>摘要进度</translation>
        </message>
        <message>
            <source>Reading {done} of {total} tokens</source>
            <translation>正在读取：{done} / {total} 个词元</translation>
        </message>
        <message>
            <source>Stopping …</source>
            <translation>正在停止…</translation>
        </message>
        <message>
            <source>Summarise the beginning</source>
            <translation>为开头写摘要</translation>
        </message>
        <message>
            <source>Summarising the beginning …</source>
            <translation>正在为开头写摘要…</translation>
        </message>
        <message>
            <source>The context is full</source>
            <translation>上下文已满</translation>
        </message>
        <message>
            <source>The context is {percent} % full</source>
            <translation>上下文已用 {percent}%</translation>
        </message>
        <message>
            <source>The context of the model on {host} is full</source>
            <translation>{host} 上的模型的上下文已满</translation>
        </message>
        <message>
            <source>The last question and its answer alone fill it, so there is nothing older to leave out. Ask for less at once, begin a new chat, or load the model with a longer context.</source>
            <translation>仅最后一个问题及其回答就已占满上下文，没有更早的内容可以省去。请一次少问一些、开始新的对话，或用更长的上下文加载模型。</translation>
        </message>
        <message>
            <source>The model cannot read more of this conversation. Choose what it may leave out, or leave it and begin a new chat. Nothing is deleted.</source>
            <translation>模型无法再读取这段对话的更多内容。请选择它可以省去什么，或保持不变并开始新的对话。不会删除任何内容。</translation>
        </message>
        <message>
            <source>The model sums up the oldest messages first; this takes a while.</source>
            <translation>模型会先为最早的消息写摘要，这需要一些时间。</translation>
        </message>
        <message>
            <source>The oldest messages stay in sight, but the model does not read them any more.</source>
            <translation>最早的消息仍然可见，但模型不再读取它们。</translation>
        </message>
        <message>
            <source>Waiting for the model …</source>
            <translation>正在等待模型…</translation>
        </message>
        <message>
            <source>When it is full, you choose whether the beginning is forgotten or summarised. Nothing is left out without your word.</source>
            <translation>满了之后，由您选择忘记开头还是为开头写摘要。未经您同意，不会省去任何内容。</translation>
        </message>
        <message>
            <source>{tokens} tokens of the summary are written, {most} at most</source>
            <translation>摘要已写 {tokens} 个词元，最多 {most} 个</translation>
        </message>
        <message>
            <source>{used} of {window} tokens</source>
            <translation>{used} / {window} 个词元</translation>
        </message>
    </context>
    <context>
        <name>ConversationView</name>
        <message>
            <source>Chats</source>
            <translation>对话</translation>
        </message>
        <message>
            <source>Delete</source>
            <translation>删除</translation>
        </message>
        <message>
            <source>Export…</source>
            <translation>导出…</translation>
        </message>
        <message>
            <source>Move to</source>
            <translation>移动到</translation>
        </message>
        <message>
            <source>New folder</source>
            <translation>新建文件夹</translation>
        </message>
        <message>
            <source>No folder</source>
            <translation>不放入文件夹</translation>
        </message>
        <message>
            <source>Pin</source>
            <translation>置顶</translation>
        </message>
        <message>
            <source>Remove folder, keep its chats</source>
            <translation>移除文件夹，保留其中的对话</translation>
        </message>
        <message>
            <source>Rename</source>
            <translation>重命名</translation>
        </message>
        <message>
            <source>Unpin</source>
            <translation>取消置顶</translation>
        </message>
    </context>
    <context>
        <name>CopyButton</name>
        <message>
            <source>Copied</source>
            <translation>已复制</translation>
        </message>
        <message>
            <source>Copy report</source>
            <translation>复制报告</translation>
        </message>
    </context>
    <context>
        <name>CorrectForm</name>
        <message>
            <source>Apply</source>
            <translation>应用</translation>
        </message>
        <message>
            <source>Corrections of the check</source>
            <translation>检测结果的更正</translation>
        </message>
        <message>
            <source>Disk reading</source>
            <translation>磁盘读取速度</translation>
        </message>
        <message>
            <source>Memory bandwidth</source>
            <translation>内存带宽</translation>
        </message>
        <message>
            <source>Memory in all</source>
            <translation>内存总量</translation>
        </message>
        <message>
            <source>Processors to use</source>
            <translation>可用处理器数</translation>
        </message>
        <message>
            <source>Type in what the check got wrong or could not find out. An empty field keeps what it found.</source>
            <translation>检测有误或无法得知的数值，可由您填写。留空则沿用检测结果。</translation>
        </message>
        <message>
            <source>Undo all corrections</source>
            <translation>全部撤销</translation>
        </message>
        <message>
            <source>for example {example}</source>
            <translation>例如 {example}</translation>
        </message>
        <message>
            <source>no</source>
            <translation>否</translation>
        </message>
        <message>
            <source>yes</source>
            <translation>是</translation>
        </message>
        <message>
            <source>{name}: bandwidth</source>
            <translation>{name}：带宽</translation>
        </message>
        <message>
            <source>{name}: memory</source>
            <translation>{name}：显存</translation>
        </message>
        <message>
            <source>{name}: use</source>
            <translation>{name}：是否使用</translation>
        </message>
    </context>
    <context>
        <name>DownloadRow</name>
        <message>
            <source>Ask hf-mirror.com and ModelScope</source>
            <translation>改用 hf-mirror.com 和 ModelScope</translation>
        </message>
        <message>
            <source>Delete the {size} that are here</source>
            <translation>删除已下载的 {size}</translation>
        </message>
        <message>
            <source>Deletes what was fetched so far.</source>
            <translation>删除已下载的部分。</translation>
        </message>
        <message>
            <source>Discard</source>
            <translation>丢弃</translation>
        </message>
        <message>
            <source>Keep it</source>
            <translation>保留</translation>
        </message>
        <message>
            <source>Order of {model}: drag, or press the arrow keys</source>
            <translation>{model} 的次序：拖动，或按上下方向键</translation>
        </message>
        <message>
            <source>Pause</source>
            <translation>暂停</translation>
        </message>
        <message>
            <source>Pause {model}</source>
            <translation>暂停 {model}</translation>
        </message>
        <message>
            <source>Resume</source>
            <translation>继续</translation>
        </message>
        <message>
            <source>Resume {model}</source>
            <translation>继续 {model}</translation>
        </message>
        <message>
            <source>asking the hub…</source>
            <translation>正在查询模型库…</translation>
        </message>
        <message>
            <source>failed</source>
            <translation>失败</translation>
        </message>
        <message>
            <source>paused</source>
            <translation>已暂停</translation>
        </message>
        <message>
            <source>verifying…</source>
            <translation>校验中…</translation>
        </message>
        <message>
            <source>waits for its turn</source>
            <translation>排队等候</translation>
        </message>
        <message>
            <source>waits for room on the disk</source>
            <translation>等待磁盘腾出空间</translation>
        </message>
    </context>
    <context>
        <name>DownloadSettings</name>
        <message>
            <source>As fast as it goes</source>
            <translation>不限速</translation>
        </message>
        <message>
            <source>Change the folder for models</source>
            <translation>更改模型文件夹</translation>
        </message>
        <message>
            <source>Change…</source>
            <translation>更改…</translation>
        </message>
        <message>
            <source>Deskside's own folder</source>
            <translation>Deskside 自己的文件夹</translation>
        </message>
        <message>
            <source>Download at most</source>
            <translation>下载限速</translation>
        </message>
        <message>
            <source>Folder for models</source>
            <translation>模型文件夹</translation>
        </message>
        <message>
            <source>Use Deskside's own folder for models</source>
            <translation>使用 Deskside 自己的文件夹存放模型</translation>
        </message>
        <message>
            <source>Use the default</source>
            <translation>使用默认值</translation>
        </message>
    </context>
    <context>
        <name>DownloadStatus</name>
        <message>
            <source>A download failed</source>
            <translation>有下载失败</translation>
        </message>
        <message>
            <source>Downloading, {percent} %</source>
            <translation>正在下载，{percent}%</translation>
        </message>
        <message>
            <source>Downloads paused</source>
            <translation>下载已暂停</translation>
        </message>
        <message>
            <source>Downloads waiting</source>
            <translation>下载等待中</translation>
        </message>
        <message>
            <source>Starting a download…</source>
            <translation>正在开始下载…</translation>
        </message>
        <message>
            <source>Verifying the download…</source>
            <translation>正在校验下载…</translation>
        </message>
        <message>
            <source>{percent} %, waiting</source>
            <translation>{percent}%，等待中</translation>
        </message>
        <message>
            <source>{percent} %, {time} left</source>
            <translation>{percent}%，剩余 {time}</translation>
        </message>
    </context>
    <context>
        <name>DownloadView</name>
        <message>
            <source>Download progress</source>
            <translation>下载进度</translation>
        </message>
        <message>
            <source>waiting for the network</source>
            <translation>等待网络</translation>
        </message>
        <message>
            <source>{done} of {total}</source>
            <translation>{done} / {total}</translation>
        </message>
        <message>
            <source>{speed}, {time} left</source>
            <translation>{speed}，剩余 {time}</translation>
        </message>
    </context>
    <context>
        <name>DownloadsView</name>
        <message>
            <source>Downloads</source>
            <translation>下载</translation>
        </message>
        <message>
            <source>Pause all</source>
            <translation>全部暂停</translation>
        </message>
        <message>
            <source>Resume all</source>
            <translation>全部继续</translation>
        </message>
    </context>
    <context>
        <name>Durations</name>
        <message>
            <source>{hours} h {minutes} min</source>
            <translation>{hours} 小时 {minutes} 分</translation>
        </message>
        <message>
            <source>{minutes} min {seconds} s</source>
            <translation>{minutes} 分 {seconds} 秒</translation>
        </message>
        <message>
            <source>{seconds} s</source>
            <translation>{seconds} 秒</translation>
        </message>
    </context>
    <context>
        <name>EditNotice</name>
        <message>
            <source>Cancel (Esc)</source>
            <translation>取消（Esc）</translation>
        </message>
        <message>
            <source>Editing a question. What you send becomes another version of it.</source>
            <translation>正在编辑问题。发送后会成为它的另一个版本。</translation>
        </message>
    </context>
    <context>
        <name>ElectricityPrice</name>
        <message>
            <source>Currency</source>
            <translation>货币</translation>
        </message>
        <message>
            <source>Not set</source>
            <translation>未填写</translation>
        </message>
        <message>
            <source>Price of a kilowatt hour</source>
            <translation>每千瓦时电价</translation>
        </message>
        <message>
            <source>With a price, the figures of an answer tell what its electricity cost, where graphics cards tell their power.</source>
            <translation>填写电价后，在显卡报告功率的机器上，回答的明细会给出所耗的电费。</translation>
        </message>
        <message>
            <source>{currency} a kWh</source>
            <translation>{currency}/千瓦时</translation>
        </message>
    </context>
    <context>
        <name>EmptyChat</name>
        <message>
            <source>Draft a friendly reply that declines an invitation.</source>
            <translation>写一封婉拒邀请的友好回信。</translation>
        </message>
        <message>
            <source>Enter sends, Shift+Enter begins a new line, Esc stops an answer.</source>
            <translation>Enter 发送，Shift+Enter 换行，Esc 停止回答。</translation>
        </message>
        <message>
            <source>Explain how a rainbow forms, in three sentences.</source>
            <translation>用三句话解释彩虹是怎样形成的。</translation>
        </message>
        <message>
            <source>Puts these words into the message field.</source>
            <translation>把这句话填入消息框。</translation>
        </message>
        <message>
            <source>The model runs at {host}: what you write is sent there.</source>
            <translation>模型在 {host} 上运行：您写的内容会发往那里。</translation>
        </message>
        <message>
            <source>The model runs on this machine and nothing you write leaves it.</source>
            <translation>模型在本机运行，您写的内容不会离开这台机器。</translation>
        </message>
        <message>
            <source>What would you like to know?</source>
            <translation>您想了解什么？</translation>
        </message>
        <message>
            <source>Write a Python function that counts the words in a text.</source>
            <translation>写一个统计文本中单词数的 Python 函数。</translation>
        </message>
    </context>
    <context>
        <name>EndpointForm</name>
        <message>
            <source>Add the endpoint</source>
            <translation>添加端点</translation>
        </message>
        <message>
            <source>Address</source>
            <translation>地址</translation>
        </message>
        <message>
            <source>Address of the endpoint</source>
            <translation>端点地址</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>Choose at least one model: try the endpoint, or write a model's name.</source>
            <translation>请至少选择一个模型：先测试该端点，或填写模型名称。</translation>
        </message>
        <message>
            <source>It answers and offers one model.</source>
            <translation>端点有应答，提供一个模型。</translation>
        </message>
        <message>
            <source>It answers and offers {count} models. Choose those for the chat.</source>
            <translation>端点有应答，提供 {count} 个模型。请选择用于对话的模型。</translation>
        </message>
        <message>
            <source>It answers, but offers no model. Load one there, or write a model's name.</source>
            <translation>端点有应答，但没有提供模型。请在那里加载一个模型，或填写模型名称。</translation>
        </message>
        <message>
            <source>Key</source>
            <translation>密钥</translation>
        </message>
        <message>
            <source>Key of the endpoint</source>
            <translation>端点密钥</translation>
        </message>
        <message>
            <source>Models</source>
            <translation>模型</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>名称</translation>
        </message>
        <message>
            <source>Name of the endpoint</source>
            <translation>端点名称</translation>
        </message>
        <message>
            <source>Save the endpoint</source>
            <translation>保存端点</translation>
        </message>
        <message>
            <source>Stop trying</source>
            <translation>停止测试</translation>
        </message>
        <message>
            <source>That is not the address of an endpoint. Write it as https://HOST/v1, or http://HOST:PORT/v1 on your own network.</source>
            <translation>这不是端点地址。请写成 https://主机/v1；在自己的局域网内可写成 http://主机:端口/v1。</translation>
        </message>
        <message>
            <source>There is an endpoint with this address already: edit that one.</source>
            <translation>已有使用该地址的端点：请编辑那一个。</translation>
        </message>
        <message>
            <source>Try it</source>
            <translation>测试</translation>
        </message>
        <message>
            <source>as you like; else its host</source>
            <translation>可自取名称；留空则用主机名</translation>
        </message>
        <message>
            <source>asking the endpoint…</source>
            <translation>正在测试端点…</translation>
        </message>
        <message>
            <source>leave it empty to keep the one that is stored</source>
            <translation>留空则继续使用已保存的密钥</translation>
        </message>
        <message>
            <source>only if the endpoint wants one; stored in the keyring of the system</source>
            <translation>仅在端点要求时填写；保存在系统密钥环中</translation>
        </message>
    </context>
    <context>
        <name>EndpointRow</name>
        <message>
            <source>Edit</source>
            <translation>编辑</translation>
        </message>
        <message>
            <source>Edit the endpoint {name}</source>
            <translation>编辑端点 {name}</translation>
        </message>
        <message>
            <source>Keep</source>
            <translation>保留</translation>
        </message>
        <message>
            <source>Keep the endpoint {name}</source>
            <translation>保留端点 {name}</translation>
        </message>
        <message>
            <source>Remove</source>
            <translation>移除</translation>
        </message>
        <message>
            <source>Remove it, and its key from the keyring?</source>
            <translation>移除该端点，并从密钥环中删除其密钥？</translation>
        </message>
        <message>
            <source>Remove the endpoint {name}</source>
            <translation>移除端点 {name}</translation>
        </message>
        <message>
            <source>Remove the endpoint {name} and its key</source>
            <translation>移除端点 {name} 及其密钥</translation>
        </message>
        <message>
            <source>no model chosen</source>
            <translation>未选择模型</translation>
        </message>
    </context>
    <context>
        <name>EndpointsView</name>
        <message>
            <source>Add an endpoint</source>
            <translation>添加端点</translation>
        </message>
        <message>
            <source>Endpoints elsewhere</source>
            <translation>其他地方的端点</translation>
        </message>
        <message>
            <source>Models on other machines that speak OpenAI's protocol: a team's vLLM, SGLang or llama-server, or a service. What you write to them leaves this computer.</source>
            <translation>其他机器上支持 OpenAI 协议的模型：团队的 vLLM、SGLang 或 llama-server，或在线服务。您写给它们的内容会离开本机。</translation>
        </message>
    </context>
    <context>
        <name>EngineLimits</name>
        <message>
            <source>Disk for idle conversations</source>
            <translation>空闲对话的磁盘上限</translation>
        </message>
        <message>
            <source>Figures only, no text; predictions learn from it. It never leaves this machine.</source>
            <translation>只有数字，没有文字内容；预测会据此改进。不会离开本机。</translation>
        </message>
        <message>
            <source>Idle conversations are kept there so that long ones go on at once, even after a restart. “Never” means as long as a program uses the engine.</source>
            <translation>空闲对话保存在那里，使长对话即使在重启后也能立即继续。“从不”表示只要有程序使用引擎就一直保留。</translation>
        </message>
        <message>
            <source>Keep a history of speed and memory here</source>
            <translation>在本机保存速度和内存的历史</translation>
        </message>
        <message>
            <source>Never</source>
            <translation>从不</translation>
        </message>
        <message>
            <source>Unload an idle model after</source>
            <translation>模型空闲多久后卸载</translation>
        </message>
        <message>
            <source>minutes</source>
            <translation>分钟</translation>
        </message>
    </context>
    <context>
        <name>FileChip</name>
        <message>
            <source>Leave {name} out</source>
            <translation>去掉 {name}</translation>
        </message>
        <message>
            <source>about {tokens} tokens</source>
            <translation>约 {tokens} 词元</translation>
        </message>
        <message>
            <source>about {tokens} tokens, the end is cut off</source>
            <translation>约 {tokens} 词元，末尾已截断</translation>
        </message>
        <message>
            <source>image</source>
            <translation>图片</translation>
        </message>
        <message>
            <source>reading …</source>
            <translation>正在读取…</translation>
        </message>
        <message>
            <source>{pages} p. · about {tokens} tokens</source>
            <translation>{pages} 页 · 约 {tokens} 词元</translation>
        </message>
        <message>
            <source>{tokens} tokens</source>
            <translation>{tokens} 词元</translation>
        </message>
    </context>
    <context>
        <name>FileChips</name>
        <message>
            <source>Together about {tokens} tokens</source>
            <translation>共约 {tokens} 词元</translation>
        </message>
        <message>
            <source>Together {tokens} tokens</source>
            <translation>共 {tokens} 词元</translation>
        </message>
    </context>
    <context>
        <name>FindBar</name>
        <message>
            <source>Close (Esc)</source>
            <translation>关闭（Esc）</translation>
        </message>
        <message>
            <source>Find in this conversation</source>
            <translation>在此对话中查找</translation>
        </message>
        <message>
            <source>Find in this conversation (Ctrl+F)</source>
            <translation>在此对话中查找（Ctrl+F）</translation>
        </message>
        <message>
            <source>Next match (F3)</source>
            <translation>下一个匹配项（F3）</translation>
        </message>
        <message>
            <source>No match</source>
            <translation>没有匹配项</translation>
        </message>
        <message>
            <source>Previous match (Shift+F3)</source>
            <translation>上一个匹配项（Shift+F3）</translation>
        </message>
        <message>
            <source>{number} of {total}</source>
            <translation>第 {number} 项，共 {total} 项</translation>
        </message>
    </context>
    <context>
        <name>FoundRow</name>
        <message>
            <source>Download</source>
            <translation>下载</translation>
        </message>
        <message>
            <source>Download {model}</source>
            <translation>下载 {model}</translation>
        </message>
        <message>
            <source>Look closely</source>
            <translation>查看详情</translation>
        </message>
        <message>
            <source>Look closely to see how it would run here.</source>
            <translation>查看详情即可了解它在本机上的运行情况。</translation>
        </message>
        <message>
            <source>Read the header of {model}</source>
            <translation>读取 {model} 的文件头</translation>
        </message>
        <message>
            <source>about {size}</source>
            <translation>约 {size}</translation>
        </message>
        <message>
            <source>estimated</source>
            <translation>估算</translation>
        </message>
        <message>
            <source>needs an account</source>
            <translation>需要账号</translation>
        </message>
        <message>
            <source>planned from its header</source>
            <translation>根据其文件头规划</translation>
        </message>
        <message>
            <source>reading its header…</source>
            <translation>正在读取文件头…</translation>
        </message>
        <message>
            <source>{count} downloads</source>
            <translation>{count} 次下载</translation>
        </message>
    </context>
    <context>
        <name>GetStepView</name>
        <message>
            <source>Ask hf-mirror.com and ModelScope</source>
            <translation>改用 hf-mirror.com 和 ModelScope</translation>
        </message>
        <message>
            <source>Download</source>
            <translation>下载</translation>
        </message>
        <message>
            <source>Every byte is here. Its checksum is being compared with the hub's.</source>
            <translation>所有字节已到位，正在与模型库的校验和比对。</translation>
        </message>
        <message>
            <source>Get it</source>
            <translation>获取模型</translation>
        </message>
        <message>
            <source>Get the model</source>
            <translation>获取模型</translation>
        </message>
        <message>
            <source>It is small and is already here. A download that has begun goes on meanwhile.</source>
            <translation>它很小，已随程序附带。已开始的下载会在后台继续。</translation>
        </message>
        <message>
            <source>Pause</source>
            <translation>暂停</translation>
        </message>
        <message>
            <source>Pause at any time; a later start goes on from there.</source>
            <translation>可随时暂停，之后会从断点继续。</translation>
        </message>
        <message>
            <source>Resume</source>
            <translation>继续</translation>
        </message>
        <message>
            <source>Start chatting</source>
            <translation>开始对话</translation>
        </message>
        <message>
            <source>Start now with the starter model</source>
            <translation>用入门模型立即开始</translation>
        </message>
        <message>
            <source>The model is on this machine and its checksum is right.</source>
            <translation>模型已在本机，校验和正确。</translation>
        </message>
        <message>
            <source>The model is on this machine.</source>
            <translation>模型已在本机。</translation>
        </message>
        <message>
            <source>Try again</source>
            <translation>重试</translation>
        </message>
        <message>
            <source>Without waiting: the starter model</source>
            <translation>无需等待：入门模型</translation>
        </message>
        <message>
            <source>asking the hub…</source>
            <translation>正在查询模型库…</translation>
        </message>
        <message>
            <source>paused</source>
            <translation>已暂停</translation>
        </message>
        <message>
            <source>verifying…</source>
            <translation>校验中…</translation>
        </message>
        <message>
            <source>waits for its turn</source>
            <translation>排队等候</translation>
        </message>
        <message>
            <source>waits for room on the disk</source>
            <translation>等待磁盘腾出空间</translation>
        </message>
        <message>
            <source>{size} from {repository}</source>
            <translation>{size}，来自 {repository}</translation>
        </message>
    </context>
    <context>
        <name>GraphPanel</name>
        <message>
            <source>All processors together are used to {cpu} %, graphics to {gpu} %.</source>
            <translation>处理器总占用 {cpu}%，显卡占用 {gpu}%。</translation>
        </message>
        <message>
            <source>All processors together are used to {cpu} %.</source>
            <translation>处理器总占用 {cpu}%。</translation>
        </message>
        <message>
            <source>Generating {rate} tokens per second.</source>
            <translation>每秒生成 {rate} 个词元。</translation>
        </message>
        <message>
            <source>Graphics {used} of {total}</source>
            <translation>显存 {used} / {total}</translation>
        </message>
        <message>
            <source>History</source>
            <translation>历史</translation>
        </message>
        <message>
            <source>Hold the curves</source>
            <translation>暂停曲线</translation>
        </message>
        <message>
            <source>Its first token came after {seconds} seconds.</source>
            <translation>首词元在 {seconds} 秒后出现。</translation>
        </message>
        <message>
            <source>Let the curves go on</source>
            <translation>继续曲线</translation>
        </message>
        <message>
            <source>Live figures of the machine</source>
            <translation>本机实时数据</translation>
        </message>
        <message>
            <source>Machine {used} of {total}</source>
            <translation>整机 {used} / {total}</translation>
        </message>
        <message>
            <source>Measured on this machine.</source>
            <translation>在本机实测。</translation>
        </message>
        <message>
            <source>Memory</source>
            <translation>内存</translation>
        </message>
        <message>
            <source>No figures yet.</source>
            <translation>暂无数据。</translation>
        </message>
        <message>
            <source>Processor</source>
            <translation>处理器</translation>
        </message>
        <message>
            <source>Prompt {rate} tok/s</source>
            <translation>提示词 {rate} 词元/秒</translation>
        </message>
        <message>
            <source>Speed</source>
            <translation>速度</translation>
        </message>
        <message>
            <source>The last answer came at {rate} tokens per second.</source>
            <translation>上一次回答的速度为每秒 {rate} 个词元。</translation>
        </message>
        <message>
            <source>The model holds {ram} of memory.</source>
            <translation>模型占用内存 {ram}。</translation>
        </message>
        <message>
            <source>The model holds {vram} of VRAM, all programs {used} of {total}.</source>
            <translation>模型占用显存 {vram}，所有程序共占用 {used} / {total}。</translation>
        </message>
        <message>
            <source>The prompt was read at {rate} tokens per second.</source>
            <translation>提示词的读取速度为每秒 {rate} 个词元。</translation>
        </message>
        <message>
            <source>first token {seconds} s</source>
            <translation>首词元 {seconds} 秒</translation>
        </message>
        <message>
            <source>tok/s</source>
            <translation>词元/秒</translation>
        </message>
        <message>
            <source>{unit} RAM</source>
            <translation>{unit} 内存</translation>
        </message>
        <message>
            <source>{unit} VRAM</source>
            <translation>{unit} 显存</translation>
        </message>
        <message>
            <source>{unit} model</source>
            <translation>{unit} 模型</translation>
        </message>
    </context>
    <context>
        <name>GuideNotes</name>
        <message>
            <source>Source: {source}</source>
            <translation>来源：{source}</translation>
        </message>
        <message>
            <source>What a widely copied guide gets wrong</source>
            <translation>一份广为流传的教程错在哪里</translation>
        </message>
    </context>
    <context>
        <name>HistoryPage</name>
        <message>
            <source>Back to the chat</source>
            <translation>返回对话</translation>
        </message>
        <message>
            <source>Device</source>
            <translation>设备</translation>
        </message>
        <message>
            <source>First token after</source>
            <translation>首词元用时</translation>
        </message>
        <message>
            <source>History</source>
            <translation>历史</translation>
        </message>
        <message>
            <source>Memory after the last load: {measured} measured, {predicted} predicted.</source>
            <translation>最近一次加载后的内存：实测 {measured}，预测 {predicted}。</translation>
        </message>
        <message>
            <source>Memory and processor</source>
            <translation>内存与处理器</translation>
        </message>
        <message>
            <source>Memory of the models</source>
            <translation>模型占用的内存</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>模型</translation>
        </message>
        <message>
            <source>No figures in that time. Answers are measured while they are written, and the figures are kept on this machine only, unless that is switched off in the settings.</source>
            <translation>这段时间没有数据。写回答时会测量，数据只保存在本机，也可以在设置中关闭。</translation>
        </message>
        <message>
            <source>One day</source>
            <translation>一天</translation>
        </message>
        <message>
            <source>One month</source>
            <translation>一个月</translation>
        </message>
        <message>
            <source>One week</source>
            <translation>一周</translation>
        </message>
        <message>
            <source>Three months</source>
            <translation>三个月</translation>
        </message>
        <message>
            <source>Time</source>
            <translation>时间</translation>
        </message>
        <message>
            <source>Tokens per second</source>
            <translation>每秒词元数</translation>
        </message>
        <message>
            <source>Use</source>
            <translation>使用率</translation>
        </message>
        <message>
            <source>{count} answers · {speed} tokens/s · first token {first} s · prompt {prompt} tokens/s</source>
            <translation>{count} 个回答 · {speed} 词元/秒 · 首词元 {first} 秒 · 提示词 {prompt} 词元/秒</translation>
        </message>
        <message>
            <source>{seconds} s</source>
            <translation>{seconds} 秒</translation>
        </message>
        <message>
            <source>{speed} tokens/s</source>
            <translation>{speed} 词元/秒</translation>
        </message>
    </context>
    <context>
        <name>ImportView</name>
        <message>
            <source>From other programs</source>
            <translation>来自其他程序</translation>
        </message>
        <message>
            <source>Hugging Face cache</source>
            <translation>Hugging Face 缓存</translation>
        </message>
        <message>
            <source>Look for models in</source>
            <translation>在此查找模型</translation>
        </message>
        <message>
            <source>Look for them</source>
            <translation>查找</translation>
        </message>
        <message>
            <source>Look in a folder…</source>
            <translation>在文件夹中查找…</translation>
        </message>
        <message>
            <source>Models of LM Studio, Ollama, the Hugging Face cache or any folder can be used where they lie. They are not copied, changed or deleted.</source>
            <translation>LM Studio、Ollama、Hugging Face 缓存或任意文件夹中的模型可以就地使用，不会被复制、改动或删除。</translation>
        </message>
        <message>
            <source>Nothing was found that is not in the list already.</source>
            <translation>没有找到列表之外的模型。</translation>
        </message>
        <message>
            <source>Use all of them</source>
            <translation>全部使用</translation>
        </message>
        <message>
            <source>Use it from there</source>
            <translation>就地使用</translation>
        </message>
        <message>
            <source>Use {model} where it lies</source>
            <translation>就地使用 {model}</translation>
        </message>
        <message>
            <source>a folder</source>
            <translation>文件夹</translation>
        </message>
        <message>
            <source>looking…</source>
            <translation>正在查找…</translation>
        </message>
    </context>
    <context>
        <name>Legend</name>
        <message>
            <source>KV cache</source>
            <translation>KV 缓存</translation>
        </message>
        <message>
            <source>compute</source>
            <translation>计算</translation>
        </message>
        <message>
            <source>repacked copy</source>
            <translation>重排副本</translation>
        </message>
        <message>
            <source>weights</source>
            <translation>权重</translation>
        </message>
    </context>
    <context>
        <name>LendingSettings</name>
        <message>
            <source>Computers that have the old key can then no longer connect.</source>
            <translation>持有旧密钥的电脑将无法再连接。</translation>
        </message>
        <message>
            <source>Copy the pairing key</source>
            <translation>复制配对密钥</translation>
        </message>
        <message>
            <source>Its graphics cards, or its processor and memory, then compute for whoever has the key, encrypted on the way, as long as Deskside is open.</source>
            <translation>只要 Deskside 开着，它的显卡（没有显卡时为处理器和内存）就为持有密钥的人计算，传输全程加密。</translation>
        </message>
        <message>
            <source>Lend this computer to other ones</source>
            <translation>把这台电脑借给其他电脑使用</translation>
        </message>
        <message>
            <source>Lent: {devices}
Address: {places}</source>
            <translation>已借出：{devices}
地址：{places}</translation>
        </message>
        <message>
            <source>New pairing key</source>
            <translation>新的配对密钥</translation>
        </message>
        <message>
            <source>Pairing key</source>
            <translation>配对密钥</translation>
        </message>
        <message>
            <source>Port for other computers</source>
            <translation>供其他电脑连接的端口</translation>
        </message>
        <message>
            <source>no network</source>
            <translation>没有网络</translation>
        </message>
        <message>
            <source>{address} computes here now.</source>
            <translation>{address} 正在这里计算。</translation>
        </message>
        <message>
            <source>{address} was refused: it has not got the key.</source>
            <translation>已拒绝 {address}：它没有密钥。</translation>
        </message>
    </context>
    <context>
        <name>LoadBanner</name>
        <message>
            <source>Load again</source>
            <translation>重新加载</translation>
        </message>
        <message>
            <source>The model's process ended unexpectedly. Your conversations are safe.</source>
            <translation>模型进程意外结束。您的对话安然无恙。</translation>
        </message>
    </context>
    <context>
        <name>LoadForm</name>
        <message>
            <source>A smaller model that writes ahead</source>
            <translation>打草稿的小模型</translation>
        </message>
        <message>
            <source>As planned</source>
            <translation>按规划</translation>
        </message>
        <message>
            <source>As planned: {words}</source>
            <translation>按规划：{words}</translation>
        </message>
        <message>
            <source>Cancel</source>
            <translation>取消</translation>
        </message>
        <message>
            <source>Experts, of which each token reads a few</source>
            <translation>专家（每个词元只读取其中几个）</translation>
        </message>
        <message>
            <source>How many layers</source>
            <translation>层数</translation>
        </message>
        <message>
            <source>How {model} is loaded</source>
            <translation>{model} 的加载方式</translation>
        </message>
        <message>
            <source>Layers on graphics cards and other computers</source>
            <translation>放在显卡和其他电脑上的层</translation>
        </message>
        <message>
            <source>Layers whose experts are in main memory</source>
            <translation>专家放在内存中的层数</translation>
        </message>
        <message>
            <source>Like this: {words}</source>
            <translation>按此选择：{words}</translation>
        </message>
        <message>
            <source>Load it like this from now on</source>
            <translation>以后按此加载</translation>
        </message>
        <message>
            <source>No smaller model of the same family is installed that could write ahead.</source>
            <translation>没有安装同一系列、可以打草稿的更小模型。</translation>
        </message>
        <message>
            <source>The smaller model takes {size} of main memory besides. It is asked only while measuring says that this is quicker, and the answers are the same.</source>
            <translation>小模型另外占用 {size} 内存。只有测量表明这样更快时才会用它，回答保持不变。</translation>
        </message>
        <message>
            <source>There is nothing beside the processor that could hold layers.</source>
            <translation>除处理器外，没有可以放置模型层的设备。</translation>
        </message>
        <message>
            <source>as many as I say</source>
            <translation>由我指定</translation>
        </message>
        <message>
            <source>as planned</source>
            <translation>按规划</translation>
        </message>
        <message>
            <source>in main memory, of as many layers as I say</source>
            <translation>由我指定多少层的专家在内存中</translation>
        </message>
        <message>
            <source>in main memory, whatever holds their layers</source>
            <translation>放在内存，不论所在的层放在哪里</translation>
        </message>
        <message>
            <source>none</source>
            <translation>不用</translation>
        </message>
        <message>
            <source>none: the processor only</source>
            <translation>不放：只用处理器</translation>
        </message>
        <message>
            <source>reading the model…</source>
            <translation>正在读取模型…</translation>
        </message>
        <message>
            <source>with their layers</source>
            <translation>与所在的层放在一起</translation>
        </message>
        <message>
            <source>{model}, {size}</source>
            <translation>{model}，{size}</translation>
        </message>
        <message>
            <source>{size} of main memory</source>
            <translation>内存 {size}</translation>
        </message>
        <message>
            <source>{size} on {device}</source>
            <translation>{device} 上 {size}</translation>
        </message>
    </context>
    <context>
        <name>ModelChoice</name>
        <message>
            <source>Add this name</source>
            <translation>添加此名称</translation>
        </message>
        <message>
            <source>Models for the chat; Space ticks one</source>
            <translation>用于对话的模型；按空格键勾选</translation>
        </message>
        <message>
            <source>Name of another model</source>
            <translation>其他模型的名称</translation>
        </message>
        <message>
            <source>a model that is not on the list, by its name</source>
            <translation>列表中没有的模型，填写其名称</translation>
        </message>
    </context>
    <context>
        <name>ModelRow</name>
        <message>
            <source>Delete</source>
            <translation>删除</translation>
        </message>
        <message>
            <source>Download again</source>
            <translation>重新下载</translation>
        </message>
        <message>
            <source>How it is loaded…</source>
            <translation>加载方式…</translation>
        </message>
        <message>
            <source>In use</source>
            <translation>使用中</translation>
        </message>
        <message>
            <source>More for {model}</source>
            <translation>{model} 的更多操作</translation>
        </message>
        <message>
            <source>Move to another folder…</source>
            <translation>移到其他文件夹…</translation>
        </message>
        <message>
            <source>Move {model} to</source>
            <translation>将 {model} 移到</translation>
        </message>
        <message>
            <source>Show in its folder</source>
            <translation>在文件夹中显示</translation>
        </message>
        <message>
            <source>Stop</source>
            <translation>停止</translation>
        </message>
        <message>
            <source>Stop working on {model}</source>
            <translation>停止处理 {model}</translation>
        </message>
        <message>
            <source>Take off the list (its files stay)</source>
            <translation>从列表中移除（文件保留）</translation>
        </message>
        <message>
            <source>Use</source>
            <translation>使用</translation>
        </message>
        <message>
            <source>Use {model}</source>
            <translation>使用 {model}</translation>
        </message>
        <message>
            <source>Verify again</source>
            <translation>重新验证</translation>
        </message>
        <message>
            <source>came with Deskside</source>
            <translation>随 Deskside 附带</translation>
        </message>
        <message>
            <source>changed since; verify it or get it again</source>
            <translation>已被改动；请验证或重新下载</translation>
        </message>
        <message>
            <source>checksum verified</source>
            <translation>校验和已验证</translation>
        </message>
        <message>
            <source>checksum verified on {day}</source>
            <translation>校验和已于 {day} 验证</translation>
        </message>
        <message>
            <source>comparing checksums…</source>
            <translation>正在比对校验和…</translation>
        </message>
        <message>
            <source>computes at {host}; what you write is sent there</source>
            <translation>在 {host} 上运行；您写的内容会发往那里</translation>
        </message>
        <message>
            <source>copying…</source>
            <translation>正在复制…</translation>
        </message>
        <message>
            <source>from an address</source>
            <translation>来自网址</translation>
        </message>
        <message>
            <source>in the Hugging Face cache</source>
            <translation>在 Hugging Face 缓存中</translation>
        </message>
        <message>
            <source>its files are not there</source>
            <translation>文件不在原处</translation>
        </message>
        <message>
            <source>kept by LM Studio</source>
            <translation>由 LM Studio 保管</translation>
        </message>
        <message>
            <source>kept by Ollama</source>
            <translation>由 Ollama 保管</translation>
        </message>
        <message>
            <source>not verified</source>
            <translation>未验证</translation>
        </message>
        <message>
            <source>opened from a file</source>
            <translation>从文件打开</translation>
        </message>
    </context>
    <context>
        <name>ModelsPage</name>
        <message>
            <source>Back to the chat</source>
            <translation>返回对话</translation>
        </message>
        <message>
            <source>Download</source>
            <translation>下载</translation>
        </message>
        <message>
            <source>From the hub</source>
            <translation>从模型库获取</translation>
        </message>
        <message>
            <source>Get another model</source>
            <translation>获取其他模型</translation>
        </message>
        <message>
            <source>Models</source>
            <translation>模型</translation>
        </message>
        <message>
            <source>Models (*.gguf)</source>
            <translation>模型 (*.gguf)</translation>
        </message>
        <message>
            <source>Open a GGUF file</source>
            <translation>打开 GGUF 文件</translation>
        </message>
        <message>
            <source>Open a GGUF file…</source>
            <translation>打开 GGUF 文件…</translation>
        </message>
        <message>
            <source>Search</source>
            <translation>搜索</translation>
        </message>
        <message>
            <source>That does not name a repository. It has an owner and a name: owner/name:Q4_K_M.</source>
            <translation>这不是仓库名。仓库名由所有者和名称组成，例如 owner/name:Q4_K_M。</translation>
        </message>
        <message>
            <source>Words to search for, any repository with GGUF files (owner/name or owner/name:Q4_K_M), or the address of a GGUF file (https://…).</source>
            <translation>要搜索的词、任何含 GGUF 文件的仓库（所有者/名称 或 所有者/名称:Q4_K_M），或一个 GGUF 文件的网址（https://…）。</translation>
        </message>
        <message>
            <source>Words, a repository on the hub, or an address</source>
            <translation>搜索词、模型库中的仓库，或网址</translation>
        </message>
    </context>
    <context>
        <name>Money</name>
        <message>
            <source>A disk that reads {rate}</source>
            <translation>读取速度 {rate} 的硬盘</translation>
        </message>
        <message>
            <source>At most {watts} W, {date}, {source}</source>
            <translation>最高 {watts} 瓦，{date}，{source}</translation>
        </message>
        <message>
            <source>How many memory channels hold modules is not known here, so filling more cannot be planned. Name the memory in all instead: what it holds is planned, only not that it is read faster.</source>
            <translation>不清楚这台机器有几个内存通道插了内存条，因此无法规划增加通道。可以改为填写内存总量：会按容量规划，但不计入读取变快的部分。</translation>
        </message>
        <message>
            <source>Its field stands under “Prices” on this page.</source>
            <translation>在本页“价格”下填写。</translation>
        </message>
        <message>
            <source>Name the purchase again above, with its price.</source>
            <translation>请在上方再次填写该部件，并附上价格。</translation>
        </message>
        <message>
            <source>No price with a source and a date is known.</source>
            <translation>没有带来源和日期的价格。</translation>
        </message>
        <message>
            <source>That is under “Another machine”.</source>
            <translation>见“另买一台机器”。</translation>
        </message>
        <message>
            <source>That is under “More in this machine”.</source>
            <translation>见“给这台机器添置”。</translation>
        </message>
        <message>
            <source>The field is “Electricity, CNY/kWh”.</source>
            <translation>在“电价，元/千瓦时”中填写。</translation>
        </message>
        <message>
            <source>The field is “Tokens a day”.</source>
            <translation>在“每天的词元数”中填写。</translation>
        </message>
        <message>
            <source>does not fit</source>
            <translation>放不下</translation>
        </message>
        <message>
            <source>{amount} CNY</source>
            <translation>{amount} 元</translation>
        </message>
        <message>
            <source>{count} at a time</source>
            <translation>每次 {count} 路，其余等待</translation>
        </message>
        <message>
            <source>{days} days</source>
            <translation>{days} 天</translation>
        </message>
        <message>
            <source>{kwh} kWh</source>
            <translation>{kwh} 千瓦时</translation>
        </message>
        <message>
            <source>{low} to {high} CNY</source>
            <translation>{low} 至 {high} 元</translation>
        </message>
        <message>
            <source>{low} to {high} {currency}, {date}, {source}. Say what a dollar costs.</source>
            <translation>{low} 至 {high} {currency}，{date}，{source}。请填写美元汇率。</translation>
        </message>
        <message>
            <source>{price} each</source>
            <translation>每个 {price}</translation>
        </message>
        <message>
            <source>{price}, {date}, {source}</source>
            <translation>{price}，{date}，{source}</translation>
        </message>
        <message>
            <source>{remark} {place}</source>
            <translation>{remark}{place}</translation>
        </message>
        <message>
            <source>{size} more memory</source>
            <translation>增加 {size} 内存</translation>
        </message>
        <message>
            <source>{then} memory channels instead of {now}</source>
            <translation>内存通道由 {now} 个增至 {then} 个</translation>
        </message>
    </context>
    <context>
        <name>NodeRow</name>
        <message>
            <source>Asks it what it has, and how far it is, again.</source>
            <translation>重新询问它有哪些设备、网络延迟多大。</translation>
        </message>
        <message>
            <source>Remove</source>
            <translation>移除</translation>
        </message>
        <message>
            <source>Remove {address}</source>
            <translation>移除 {address}</translation>
        </message>
        <message>
            <source>Try</source>
            <translation>测试</translation>
        </message>
        <message>
            <source>Try {address}</source>
            <translation>测试 {address}</translation>
        </message>
        <message>
            <source>is being asked …</source>
            <translation>正在询问…</translation>
        </message>
        <message>
            <source>not usable</source>
            <translation>不可用</translation>
        </message>
        <message>
            <source>ready</source>
            <translation>可用</translation>
        </message>
        <message>
            <source>speed not known</source>
            <translation>速度未知</translation>
        </message>
        <message>
            <source>{time} ms away, at {rate}</source>
            <translation>往返 {time} 毫秒，速率 {rate}</translation>
        </message>
    </context>
    <context>
        <name>NodeSettings</name>
        <message>
            <source>Add</source>
            <translation>添加</translation>
        </message>
        <message>
            <source>Add this computer</source>
            <translation>添加这台电脑</translation>
        </message>
        <message>
            <source>Address of the other computer</source>
            <translation>另一台电脑的地址</translation>
        </message>
        <message>
            <source>Asking …</source>
            <translation>正在询问…</translation>
        </message>
        <message>
            <source>Models that are too large for this computer are spread over those that lend themselves: switch that on there, as below or with “deskside worker”, and copy address and key. Each token has to travel, so a model that fits here mostly stays here.</source>
            <translation>这台电脑放不下的模型会分布到愿意借出的电脑上：请在那台电脑上开启借出（如下方所示，或使用“deskside worker”），再把地址和密钥抄过来。每个词元都要经过网络，所以这里放得下的模型通常会留在这里。</translation>
        </message>
        <message>
            <source>No other computer is used.</source>
            <translation>没有使用其他电脑。</translation>
        </message>
        <message>
            <source>Pairing key</source>
            <translation>配对密钥</translation>
        </message>
        <message>
            <source>pairing key, as shown there</source>
            <translation>那台电脑上显示的配对密钥</translation>
        </message>
    </context>
    <context>
        <name>OptionsPanel</name>
        <message>
            <source>Always</source>
            <translation>总是</translation>
        </message>
        <message>
            <source>As the model likes</source>
            <translation>由模型决定</translation>
        </message>
        <message>
            <source>Close (Esc)</source>
            <translation>关闭 (Esc)</translation>
        </message>
        <message>
            <source>Counts from the next answer on, in this chat only.</source>
            <translation>从下一个回答起生效，只对此对话有效。</translation>
        </message>
        <message>
            <source>Custom</source>
            <translation>自定义</translation>
        </message>
        <message>
            <source>Default</source>
            <translation>默认</translation>
        </message>
        <message>
            <source>Defaults</source>
            <translation>默认设置</translation>
        </message>
        <message>
            <source>Forget</source>
            <translation>删除</translation>
        </message>
        <message>
            <source>Forget this preset</source>
            <translation>删除此预设</translation>
        </message>
        <message>
            <source>Keep</source>
            <translation>保存</translation>
        </message>
        <message>
            <source>Keep these settings as a preset</source>
            <translation>将这些设置保存为预设</translation>
        </message>
        <message>
            <source>Min p</source>
            <translation>Min-p 采样</translation>
        </message>
        <message>
            <source>Most tokens</source>
            <translation>最大词元数</translation>
        </message>
        <message>
            <source>Name of a new preset</source>
            <translation>新预设的名称</translation>
        </message>
        <message>
            <source>Never</source>
            <translation>从不</translation>
        </message>
        <message>
            <source>Preset</source>
            <translation>预设</translation>
        </message>
        <message>
            <source>Repeat penalty</source>
            <translation>重复惩罚</translation>
        </message>
        <message>
            <source>Seed</source>
            <translation>随机种子</translation>
        </message>
        <message>
            <source>Settings of this chat</source>
            <translation>此对话的设置</translation>
        </message>
        <message>
            <source>System prompt</source>
            <translation>系统提示词</translation>
        </message>
        <message>
            <source>Temperature</source>
            <translation>温度</translation>
        </message>
        <message>
            <source>Thinking</source>
            <translation>思考</translation>
        </message>
        <message>
            <source>Top k</source>
            <translation>Top-k 采样</translation>
        </message>
        <message>
            <source>Top p</source>
            <translation>Top-p 采样</translation>
        </message>
        <message>
            <source>Who the model is, and how it should answer</source>
            <translation>模型是谁，应当怎样回答</translation>
        </message>
    </context>
    <context>
        <name>Origin</name>
        <message>
            <source>Computed exactly from the model file.</source>
            <translation>根据模型文件精确计算。</translation>
        </message>
        <message>
            <source>Observed on this machine.</source>
            <translation>在本机实测得到。</translation>
        </message>
        <message>
            <source>Worked out from what this hardware is; the real figure may differ.</source>
            <translation>根据硬件推算，实际数值可能不同。</translation>
        </message>
        <message>
            <source>estimated</source>
            <translation>估算</translation>
        </message>
        <message>
            <source>measured</source>
            <translation>实测</translation>
        </message>
        <message>
            <source>planned</source>
            <translation>精确计算</translation>
        </message>
    </context>
    <context>
        <name>OutcomeCard</name>
        <message>
            <source>Don't buy</source>
            <translation>不建议购买</translation>
        </message>
        <message>
            <source>The model that is best now gains {gained} tokens/s, at {price} each.</source>
            <translation>现在最合适的模型每秒可多 {gained} 个词元，每秒每多一个合 {price}。</translation>
        </message>
        <message>
            <source>The model that is best now gains {gained} tokens/s.</source>
            <translation>现在最合适的模型每秒可多 {gained} 个词元。</translation>
        </message>
        <message>
            <source>Worth a thought</source>
            <translation>值得考虑</translation>
        </message>
        <message>
            <source>now</source>
            <translation>现在</translation>
        </message>
        <message>
            <source>price not known</source>
            <translation>价格未知</translation>
        </message>
        <message>
            <source>then</source>
            <translation>之后</translation>
        </message>
    </context>
    <context>
        <name>Palette</name>
        <message>
            <source>Commands</source>
            <translation>命令</translation>
        </message>
        <message>
            <source>Look for a command, a model, a prompt or a chat</source>
            <translation>查找命令、模型、提示词或对话</translation>
        </message>
        <message>
            <source>Nothing matches</source>
            <translation>没有匹配项</translation>
        </message>
        <message>
            <source>What would you like to do?</source>
            <translation>您想做什么？</translation>
        </message>
    </context>
    <context>
        <name>PartsCard</name>
        <message>
            <source>Compute</source>
            <translation>计算</translation>
        </message>
        <message>
            <source>Images</source>
            <translation>图片</translation>
        </message>
        <message>
            <source>KV cache</source>
            <translation>KV 缓存</translation>
        </message>
        <message>
            <source>Measured: what the runtime has allocated; overhead is the rest of what its process holds now.</source>
            <translation>实测：引擎已分配的内存；其他开销是其进程目前占用的其余部分。</translation>
        </message>
        <message>
            <source>Memory by part</source>
            <translation>内存分项</translation>
        </message>
        <message>
            <source>Output</source>
            <translation>输出</translation>
        </message>
        <message>
            <source>Overhead</source>
            <translation>其他开销</translation>
        </message>
        <message>
            <source>Repacked</source>
            <translation>重排副本</translation>
        </message>
        <message>
            <source>The cache holds {tokens} tokens.</source>
            <translation>缓存可容纳 {tokens} 个词元。</translation>
        </message>
        <message>
            <source>Weights</source>
            <translation>权重</translation>
        </message>
        <message>
            <source>{part}: {planned} planned, {measured} measured.</source>
            <translation>{part}：精确计算 {planned}，实测 {measured}。</translation>
        </message>
    </context>
    <context>
        <name>Place</name>
        <message>
            <source>{model} on {host}</source>
            <translation>{host} 上的 {model}</translation>
        </message>
    </context>
    <context>
        <name>PlanCard</name>
        <message>
            <source>weights, KV cache, compute, repacked copy</source>
            <translation>权重、KV 缓存、计算、重排副本</translation>
        </message>
    </context>
    <context>
        <name>Plans</name>
        <message>
            <source>A machine with one GPU</source>
            <translation>单 GPU 机器</translation>
        </message>
        <message>
            <source>A machine with several GPUs</source>
            <translation>多 GPU 机器</translation>
        </message>
        <message>
            <source>A machine without a large GPU</source>
            <translation>没有大显存显卡的机器</translation>
        </message>
        <message>
            <source>A small machine</source>
            <translation>小型机器</translation>
        </message>
        <message>
            <source>A widely copied guide puts such a machine at 20,000 CNY. Models that fit into the GPU's memory answer faster than you can read.</source>
            <translation>一份广为流传的教程把这样的机器列为 20,000 元档。能放进显存的模型，回答速度快于阅读速度。</translation>
        </message>
        <message>
            <source>A widely copied guide puts such a machine at 5,000 CNY. Models up to about 14B and small mixtures of experts run well.</source>
            <translation>一份广为流传的教程把这样的机器列为 5,000 元档。约 14B 以内的模型和小型混合专家模型可以流畅运行。</translation>
        </message>
        <message>
            <source>A widely copied guide puts such a machine at 60,000 CNY. Large models run, and several people can use it at once.</source>
            <translation>一份广为流传的教程把这样的机器列为 60,000 元档。可以运行大模型，也可供多人同时使用。</translation>
        </message>
        <message>
            <source>Better answers</source>
            <translation>回答质量</translation>
        </message>
        <message>
            <source>Chat</source>
            <translation>对话</translation>
        </message>
        <message>
            <source>Code</source>
            <translation>编程</translation>
        </message>
        <message>
            <source>For comparison:</source>
            <translation>作为对比：</translation>
        </message>
        <message>
            <source>It runs small models, good for trying things out and short texts.</source>
            <translation>可运行小模型，适合尝试和处理短文本。</translation>
        </message>
        <message>
            <source>KV cache as {kind}</source>
            <translation>KV 缓存为 {kind}</translation>
        </message>
        <message>
            <source>Long documents</source>
            <translation>长文档</translation>
        </message>
        <message>
            <source>Quicker answers</source>
            <translation>回答速度</translation>
        </message>
        <message>
            <source>Runs well</source>
            <translation>运行流畅</translation>
        </message>
        <message>
            <source>Runs, but slowly</source>
            <translation>能运行，但较慢</translation>
        </message>
        <message>
            <source>Will not run</source>
            <translation>无法运行</translation>
        </message>
        <message>
            <source>about {wait} to the first word</source>
            <translation>约 {wait}后出现第一个字</translation>
        </message>
        <message>
            <source>all of it on the GPU</source>
            <translation>全部在 GPU 上</translation>
        </message>
        <message>
            <source>context {tokens}</source>
            <translation>上下文 {tokens}</translation>
        </message>
        <message>
            <source>download {size}</source>
            <translation>下载 {size}</translation>
        </message>
        <message>
            <source>experts in main memory, the rest on the GPU</source>
            <translation>专家权重在内存中，其余在 GPU 上</translation>
        </message>
        <message>
            <source>experts of {count} layers in main memory, the rest on the GPU</source>
            <translation>{count} 层的专家在内存中，其余在 GPU 上</translation>
        </message>
        <message>
            <source>needs {need} of {machine}</source>
            <translation>需要 {need}，共有 {machine}</translation>
        </message>
        <message>
            <source>no loss of quality</source>
            <translation>质量无损失</translation>
        </message>
        <message>
            <source>on the processor</source>
            <translation>在处理器上</translation>
        </message>
        <message>
            <source>quality loss: perplexity +{figure}</source>
            <translation>质量损失：困惑度 +{figure}</translation>
        </message>
        <message>
            <source>quality loss: perplexity about +{figure}</source>
            <translation>质量损失：困惑度约 +{figure}</translation>
        </message>
        <message>
            <source>the output on the GPU, all layers on the processor</source>
            <translation>输出层在 GPU 上，其余各层在处理器上</translation>
        </message>
        <message>
            <source>{count} of {layers} layers on the GPU</source>
            <translation>{layers} 层中有 {count} 层在 GPU 上</translation>
        </message>
        <message>
            <source>{count} of {layers} layers on the GPU, the experts of {away} of them in main memory</source>
            <translation>{layers} 层中有 {count} 层在 GPU 上，其中 {away} 层的专家在内存中</translation>
        </message>
        <message>
            <source>{low} to {high} tokens/s</source>
            <translation>{low} 到 {high} 词元/秒</translation>
        </message>
        <message>
            <source>{rate} tokens/s</source>
            <translation>{rate} 词元/秒</translation>
        </message>
    </context>
    <context>
        <name>PreferencesPage</name>
        <message>
            <source>An address begins with https://, or http:// on this machine.</source>
            <translation>地址须以 https:// 开头；指向本机时可用 http://。</translation>
        </message>
        <message>
            <source>As the system</source>
            <translation>跟随系统</translation>
        </message>
        <message>
            <source>As usual</source>
            <translation>标准</translation>
        </message>
        <message>
            <source>Back to the chat</source>
            <translation>返回对话</translation>
        </message>
        <message>
            <source>Chats</source>
            <translation>对话</translation>
        </message>
        <message>
            <source>Connection</source>
            <translation>连接</translation>
        </message>
        <message>
            <source>Context length</source>
            <translation>上下文长度</translation>
        </message>
        <message>
            <source>Contrast</source>
            <translation>对比度</translation>
        </message>
        <message>
            <source>Dark</source>
            <translation>深色</translation>
        </message>
        <message>
            <source>Deskside chooses</source>
            <translation>由 Deskside 选择</translation>
        </message>
        <message>
            <source>Downloads</source>
            <translation>下载</translation>
        </message>
        <message>
            <source>Electricity</source>
            <translation>电价</translation>
        </message>
        <message>
            <source>Graphics cards</source>
            <translation>显卡</translation>
        </message>
        <message>
            <source>How many tokens a conversation may hold. More needs more memory; counts from the next load.</source>
            <translation>一次对话可容纳的词元数。越多所需内存越大，下次加载时生效。</translation>
        </message>
        <message>
            <source>Language</source>
            <translation>语言</translation>
        </message>
        <message>
            <source>Less</source>
            <translation>减少</translation>
        </message>
        <message>
            <source>Light</source>
            <translation>浅色</translation>
        </message>
        <message>
            <source>Loaded models</source>
            <translation>已加载的模型</translation>
        </message>
        <message>
            <source>Model hub</source>
            <translation>模型库</translation>
        </message>
        <message>
            <source>More</source>
            <translation>更高</translation>
        </message>
        <message>
            <source>Motion</source>
            <translation>动画</translation>
        </message>
        <message>
            <source>New versions</source>
            <translation>新版本</translation>
        </message>
        <message>
            <source>Other computers</source>
            <translation>其他电脑</translation>
        </message>
        <message>
            <source>Other programs</source>
            <translation>其他程序</translation>
        </message>
        <message>
            <source>Privacy</source>
            <translation>隐私</translation>
        </message>
        <message>
            <source>Report</source>
            <translation>报告</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>设置</translation>
        </message>
        <message>
            <source>Shortcuts</source>
            <translation>快捷键</translation>
        </message>
        <message>
            <source>Theme</source>
            <translation>主题</translation>
        </message>
        <message>
            <source>This computer</source>
            <translation>这台电脑</translation>
        </message>
        <message>
            <source>Use the default</source>
            <translation>恢复默认</translation>
        </message>
        <message>
            <source>Where models are fetched from: the Hugging Face hub or a mirror of it.</source>
            <translation>模型的下载来源：Hugging Face 或其镜像站。</translation>
        </message>
        <message>
            <source>{tokens} tokens</source>
            <translation>{tokens} 词元</translation>
        </message>
    </context>
    <context>
        <name>PricesView</name>
        <message>
            <source>CNY</source>
            <translation>元</translation>
        </message>
        <message>
            <source>Not known. Parts that are priced in dollars are compared once you say it.</source>
            <translation>未知。填写汇率后，才会比较以美元标价的部件。</translation>
        </message>
        <message>
            <source>One US dollar</source>
            <translation>1 美元</translation>
        </message>
        <message>
            <source>Prices</source>
            <translation>价格</translation>
        </message>
        <message>
            <source>Type what it costs you, in CNY, and what it takes at most, in watts, and press Enter. Yours are kept; an empty field is the source's figure. A computer's watts are those without the cards that are bought beside it.</source>
            <translation>填写您的实际价格（元）和最大功耗（瓦）并按回车。您填写的数值会保留；留空则使用来源的数值。电脑的功耗不含另购的显卡。</translation>
        </message>
        <message>
            <source>W</source>
            <translation>瓦</translation>
        </message>
        <message>
            <source>{part} (used)</source>
            <translation>{part}（二手）</translation>
        </message>
        <message>
            <source>{part} in CNY</source>
            <translation>{part} 的价格（元）</translation>
        </message>
        <message>
            <source>{part}, watts at most</source>
            <translation>{part} 的最大功耗（瓦）</translation>
        </message>
    </context>
    <context>
        <name>PrivacyNotes</name>
        <message>
            <source>Hide the connections</source>
            <translation>隐藏连接列表</translation>
        </message>
        <message>
            <source>Show every connection</source>
            <translation>显示所有连接</translation>
        </message>
    </context>
    <context>
        <name>PromptsPage</name>
        <message>
            <source>Back to the chat</source>
            <translation>返回对话</translation>
        </message>
        <message>
            <source>Delete</source>
            <translation>删除</translation>
        </message>
        <message>
            <source>Keep</source>
            <translation>保存</translation>
        </message>
        <message>
            <source>Name</source>
            <translation>名称</translation>
        </message>
        <message>
            <source>New prompt</source>
            <translation>新提示词</translation>
        </message>
        <message>
            <source>None yet</source>
            <translation>暂无</translation>
        </message>
        <message>
            <source>Prompts</source>
            <translation>提示词</translation>
        </message>
        <message>
            <source>Text</source>
            <translation>内容</translation>
        </message>
        <message>
            <source>Texts that you use again and again. In the message field a slash and the name puts one in; words in {{double braces}} are then filled in one after the other, with Tab.</source>
            <translation>您反复使用的文字。在消息框中输入斜杠和名称即可插入；{{双花括号}}中的词用 Tab 键逐个填写。</translation>
        </message>
        <message>
            <source>Translate</source>
            <translation>翻译</translation>
        </message>
        <message>
            <source>Translate this into {{language}}:</source>
            <translation>把下面的内容翻译成{{语言}}：</translation>
        </message>
        <message>
            <source>Use in the chat</source>
            <translation>用于对话</translation>
        </message>
    </context>
    <context>
        <name>QKeySequenceEdit</name>
        <message>
            <source>Press shortcut</source>
            <translation>按下快捷键</translation>
        </message>
    </context>
    <context>
        <name>ReadingOut</name>
        <message>
            <source>Answer</source>
            <translation>回答</translation>
        </message>
        <message>
            <source>You</source>
            <translation>您</translation>
        </message>
        <message>
            <source>with reasoning</source>
            <translation>含思考过程</translation>
        </message>
    </context>
    <context>
        <name>ReportSettings</name>
        <message>
            <source>Lines that begin with BAD in its findings.txt: {count}.</source>
            <translation>其中 findings.txt 里以 BAD 开头的行数：{count}。</translation>
        </message>
        <message>
            <source>Logs and figures for somebody who helps: without chats, models and keys, and with names and addresses taken out. It stays on this machine; look through it before you send it.</source>
            <translation>供帮助您的人查看的日志和数据：不含对话、模型和密钥，姓名和地址已去除。它只保存在这台电脑上；发送前请先看一遍。</translation>
        </message>
        <message>
            <source>Make a report…</source>
            <translation>生成报告…</translation>
        </message>
        <message>
            <source>The report lies in {path}.</source>
            <translation>报告保存在 {path}。</translation>
        </message>
        <message>
            <source>Where the report goes</source>
            <translation>报告的保存位置</translation>
        </message>
        <message>
            <source>looking at folders, engine and devices…</source>
            <translation>正在检查文件夹、引擎和设备…</translation>
        </message>
    </context>
    <context>
        <name>ReturnBanner</name>
        <message>
            <source>{model} ended unexpectedly and was loaded again. An answer that was interrupted can be carried on.</source>
            <translation>{model} 意外结束，已重新加载。被中断的回答可以继续。</translation>
        </message>
        <message>
            <source>{model} was loaded again with smaller settings, because memory ran out or it crashed. An answer that was interrupted can be carried on.</source>
            <translation>由于内存不足或曾经崩溃，{model} 已用较小的设置重新加载。被中断的回答可以继续。</translation>
        </message>
    </context>
    <context>
        <name>RuntimeOffer</name>
        <message>
            <source>A runtime for {cards}</source>
            <translation>{cards} 的运行组件</translation>
        </message>
        <message>
            <source>Models can compute there once a runtime is fetched ({kinds}). It is taken only if its signature is right and it passes a trial; then this machine is checked again.</source>
            <translation>获取运行组件（{kinds}）后，模型即可在其上计算。只有签名正确并通过试运行的组件才会被采用；随后会重新检测这台电脑。</translation>
        </message>
        <message>
            <source>{best}, else Vulkan</source>
            <translation>{best}，否则 Vulkan</translation>
        </message>
    </context>
    <context>
        <name>RuntimeSettings</name>
        <message>
            <source>A runtime counts from the next load of a model on.</source>
            <translation>运行组件从下一次加载模型起生效。</translation>
        </message>
        <message>
            <source>Go back</source>
            <translation>回退</translation>
        </message>
        <message>
            <source>Go back to {name}</source>
            <translation>回退到 {name}</translation>
        </message>
        <message>
            <source>Processor only (built in)</source>
            <translation>仅处理器（内置）</translation>
        </message>
        <message>
            <source>Remove</source>
            <translation>移除</translation>
        </message>
        <message>
            <source>Remove this runtime</source>
            <translation>移除此运行组件</translation>
        </message>
        <message>
            <source>Runtime</source>
            <translation>运行组件</translation>
        </message>
        <message>
            <source>{name}, put aside</source>
            <translation>{name}（已停用）</translation>
        </message>
    </context>
    <context>
        <name>RuntimeSource</name>
        <message>
            <source>Fetch and try</source>
            <translation>获取并试运行</translation>
        </message>
        <message>
            <source>Folder that offers runtimes</source>
            <translation>提供运行组件的文件夹</translation>
        </message>
        <message>
            <source>Folder…</source>
            <translation>文件夹…</translation>
        </message>
        <message>
            <source>Stop</source>
            <translation>停止</translation>
        </message>
        <message>
            <source>Where runtimes come from</source>
            <translation>运行组件的来源</translation>
        </message>
        <message>
            <source>address or folder that offers runtimes</source>
            <translation>提供运行组件的地址或文件夹</translation>
        </message>
        <message>
            <source>fetching, checking and trying…</source>
            <translation>正在获取、校验和试运行…</translation>
        </message>
        <message>
            <source>fetching, {done} of {total}…</source>
            <translation>正在获取，{done} / {total}…</translation>
        </message>
    </context>
    <context>
        <name>ScoreCard</name>
        <message>
            <source>Calibrate</source>
            <translation>校准</translation>
        </message>
        <message>
            <source>Calibrated. Predictions rest on this machine's own speed from now on.</source>
            <translation>校准完成。此后的预测以本机的速度为准。</translation>
        </message>
        <message>
            <source>Calibrating was stopped; nothing was changed.</source>
            <translation>已停止校准，没有任何改动。</translation>
        </message>
        <message>
            <source>Calibration</source>
            <translation>校准</translation>
        </message>
        <message>
            <source>Every load and every answer is compared with what was predicted. None has been yet.</source>
            <translation>每次加载和每个回答都会与预测相比较。目前还没有数据。</translation>
        </message>
        <message>
            <source>First token</source>
            <translation>首词元</translation>
        </message>
        <message>
            <source>Generation</source>
            <translation>生成速度</translation>
        </message>
        <message>
            <source>How good predictions are here</source>
            <translation>预测在本机上有多准</translation>
        </message>
        <message>
            <source>Measures how fast the processor computes. Ten seconds; best while nothing else runs.</source>
            <translation>测量处理器的计算速度，约需十秒；最好不要同时运行其他程序。</translation>
        </message>
        <message>
            <source>Measuring the processor…</source>
            <translation>正在测量处理器…</translation>
        </message>
        <message>
            <source>Memory in use</source>
            <translation>实际占用内存</translation>
        </message>
        <message>
            <source>Memory reserved</source>
            <translation>预留内存</translation>
        </message>
        <message>
            <source>Not calibrated yet: speeds are estimated from what this hardware usually does.</source>
            <translation>尚未校准：速度按同类硬件的一般表现估计。</translation>
        </message>
        <message>
            <source>Other programs were busy, so nothing was kept. Close them and calibrate again.</source>
            <translation>其他程序正忙，因此没有保留结果。请关闭它们后重新校准。</translation>
        </message>
        <message>
            <source>Reading prompts</source>
            <translation>读取提示词</translation>
        </message>
        <message>
            <source>Stop calibrating</source>
            <translation>停止校准</translation>
        </message>
        <message>
            <source>This machine is calibrated.</source>
            <translation>本机已校准。</translation>
        </message>
        <message>
            <source>Time to load</source>
            <translation>加载时间</translation>
        </message>
        <message>
            <source>{what}: predictions were within {error} (median of {count}), the newest within {recent}</source>
            <translation>{what}：预测误差在 {error} 以内（{count} 次的中位数），最近的在 {recent} 以内</translation>
        </message>
    </context>
    <context>
        <name>SearchPage</name>
        <message>
            <source>Chats: {chats}, messages: {messages}</source>
            <translation>{chats} 个对话，{messages} 条消息</translation>
        </message>
        <message>
            <source>Model</source>
            <translation>模型</translation>
        </message>
        <message>
            <source>Nothing found.</source>
            <translation>没有找到。</translation>
        </message>
        <message>
            <source>Search</source>
            <translation>搜索</translation>
        </message>
        <message>
            <source>The newest {count} messages; more words narrow it down.</source>
            <translation>最新的 {count} 条消息；输入更多词可缩小范围。</translation>
        </message>
        <message>
            <source>Thought</source>
            <translation>思考</translation>
        </message>
        <message>
            <source>What was found</source>
            <translation>搜索结果</translation>
        </message>
        <message>
            <source>You</source>
            <translation>您</translation>
        </message>
        <message>
            <source>{count} messages are still being read.</source>
            <translation>还有 {count} 条消息正在读取。</translation>
        </message>
    </context>
    <context>
        <name>SearchView</name>
        <message>
            <source>Stop searching</source>
            <translation>停止搜索</translation>
        </message>
        <message>
            <source>The hub has no GGUF model for these words.</source>
            <translation>模型库中没有与这些词匹配的 GGUF 模型。</translation>
        </message>
        <message>
            <source>asking the hub…</source>
            <translation>正在查询模型库…</translation>
        </message>
    </context>
    <context>
        <name>SentenceBanner</name>
        <message>
            <source>Go on with the copy</source>
            <translation>改用副本</translation>
        </message>
        <message>
            <source>Models…</source>
            <translation>模型…</translation>
        </message>
        <message>
            <source>Show all</source>
            <translation>全部显示</translation>
        </message>
        <message>
            <source>and {count} more like these</source>
            <translation>以及另外 {count} 条同类消息</translation>
        </message>
    </context>
    <context>
        <name>ServiceSwitch</name>
        <message>
            <source>Off</source>
            <translation>已关闭</translation>
        </message>
        <message>
            <source>Port</source>
            <translation>端口</translation>
        </message>
        <message>
            <source>Switching on …</source>
            <translation>正在开启…</translation>
        </message>
    </context>
    <context>
        <name>ShortcutSettings</name>
        <message>
            <source>Click a field and press the new keys; Backspace takes them away. Enter sends, Shift+Enter begins a new line, Esc stops: these stay as they are.</source>
            <translation>点击一栏并按下新的按键；Backspace 将其清除。Enter 发送、Shift+Enter 换行、Esc 停止，这些保持不变。</translation>
        </message>
        <message>
            <source>Keys of: {command}</source>
            <translation>按键：{command}</translation>
        </message>
        <message>
            <source>Use the usual keys</source>
            <translation>恢复默认按键</translation>
        </message>
        <message>
            <source>{keys} alone would be typed: add Ctrl or Alt.</source>
            <translation>{keys} 会被当作输入：请加上 Ctrl 或 Alt。</translation>
        </message>
        <message>
            <source>{keys} already belongs to: {command}. Take it away there first.</source>
            <translation>{keys} 已用于：{command}。请先在那里清除。</translation>
        </message>
        <message>
            <source>{keys} is needed for writing and reading.</source>
            <translation>{keys} 是输入和阅读所需的按键。</translation>
        </message>
    </context>
    <context>
        <name>Sidebar</name>
        <message>
            <source>Chats</source>
            <translation>对话</translation>
        </message>
        <message>
            <source>Deleted chats</source>
            <translation>已删除的对话</translation>
        </message>
        <message>
            <source>Models</source>
            <translation>模型</translation>
        </message>
        <message>
            <source>New chat</source>
            <translation>新对话</translation>
        </message>
        <message>
            <source>No title matches</source>
            <translation>没有匹配的标题</translation>
        </message>
        <message>
            <source>None yet</source>
            <translation>暂无对话</translation>
        </message>
        <message>
            <source>Search all chats</source>
            <translation>搜索全部对话</translation>
        </message>
        <message>
            <source>Search chats</source>
            <translation>搜索对话</translation>
        </message>
        <message>
            <source>Settings</source>
            <translation>设置</translation>
        </message>
        <message>
            <source>Show the downloads</source>
            <translation>显示下载</translation>
        </message>
        <message>
            <source>Trash ({count})</source>
            <translation>回收站（{count}）</translation>
        </message>
        <message>
            <source>What to buy</source>
            <translation>买什么</translation>
        </message>
    </context>
    <context>
        <name>SlashCommands</name>
        <message>
            <source>Against repetition: /repeat_penalty 1.1</source>
            <translation>减少重复：/repeat_penalty 1.1</translation>
        </message>
        <message>
            <source>Ask for another answer</source>
            <translation>重新回答</translation>
        </message>
        <message>
            <source>Attach files</source>
            <translation>添加附件</translation>
        </message>
        <message>
            <source>Begin a new chat</source>
            <translation>新建对话</translation>
        </message>
        <message>
            <source>Carry the last answer on</source>
            <translation>继续上一个回答</translation>
        </message>
        <message>
            <source>Draw from so many tokens: /top_k 40</source>
            <translation>从这么多个词元中选取：/top_k 40</translation>
        </message>
        <message>
            <source>Draw from the likeliest tokens of this share: /top_p 0.95</source>
            <translation>从占此比例的最可能词元中选取：/top_p 0.95</translation>
        </message>
        <message>
            <source>Find in this chat</source>
            <translation>在此对话中查找</translation>
        </message>
        <message>
            <source>How much chance there is in the answers: /temperature 0.7</source>
            <translation>回答的随机程度：/temperature 0.7</translation>
        </message>
        <message>
            <source>Keyboard shortcuts</source>
            <translation>键盘快捷键</translation>
        </message>
        <message>
            <source>Leave out tokens less likely than this share: /min_p 0.05</source>
            <translation>去掉可能性低于此比例的词元：/min_p 0.05</translation>
        </message>
        <message>
            <source>No answer is longer: /max_tokens 500</source>
            <translation>限制回答的长度：/max_tokens 500</translation>
        </message>
        <message>
            <source>No preset begins like that. There are: {names}.</source>
            <translation>没有以此开头的预设。现有：{names}。</translation>
        </message>
        <message>
            <source>No system prompt.</source>
            <translation>没有系统提示词。</translation>
        </message>
        <message>
            <source>Set the system prompt of this chat: /system TEXT</source>
            <translation>设置此对话的系统提示词：/system 文字</translation>
        </message>
        <message>
            <source>Settings of this chat</source>
            <translation>此对话的设置</translation>
        </message>
        <message>
            <source>Speed and memory over time</source>
            <translation>速度与内存的历史</translation>
        </message>
        <message>
            <source>Switch models: /model NAME</source>
            <translation>切换模型：/model 名称</translation>
        </message>
        <message>
            <source>The preset {name} is used.</source>
            <translation>已使用预设 {name}。</translation>
        </message>
        <message>
            <source>The same answers again: /seed 7</source>
            <translation>得到相同的回答：/seed 7</translation>
        </message>
        <message>
            <source>The system prompt of this chat is set.</source>
            <translation>已设置此对话的系统提示词。</translation>
        </message>
        <message>
            <source>Use a preset: /preset NAME</source>
            <translation>使用预设：/preset 名称</translation>
        </message>
        <message>
            <source>Your prompts</source>
            <translation>您的提示词</translation>
        </message>
        <message>
            <source>default</source>
            <translation>默认</translation>
        </message>
        <message>
            <source>none yet</source>
            <translation>暂无</translation>
        </message>
        <message>
            <source>{name} is a number from {low} to {high}.</source>
            <translation>{name} 是 {low} 到 {high} 之间的数字。</translation>
        </message>
    </context>
    <context>
        <name>SlashList</name>
        <message>
            <source>Commands</source>
            <translation>命令</translation>
        </message>
    </context>
    <context>
        <name>Step</name>
        <message>
            <source>Next</source>
            <translation>下一步</translation>
        </message>
    </context>
    <context>
        <name>StepsBanner</name>
        <message>
            <source>Load again</source>
            <translation>重新加载</translation>
        </message>
    </context>
    <context>
        <name>TopLine</name>
        <message>
            <source>Free its memory</source>
            <translation>释放其内存</translation>
        </message>
        <message>
            <source>Model: {name}. Press to switch.</source>
            <translation>模型：{name}。按下可切换。</translation>
        </message>
        <message>
            <source>Models…</source>
            <translation>模型…</translation>
        </message>
        <message>
            <source>No model</source>
            <translation>没有模型</translation>
        </message>
        <message>
            <source>Show or hide the graphs (F9)</source>
            <translation>显示或隐藏图表（F9）</translation>
        </message>
        <message>
            <source>Switch models</source>
            <translation>切换模型</translation>
        </message>
        <message>
            <source>Your messages are sent to {host}, where this model computes.</source>
            <translation>您的消息会发送到 {host}，该模型在那里计算。</translation>
        </message>
        <message>
            <source>answering</source>
            <translation>回答中</translation>
        </message>
        <message>
            <source>asked with your first message</source>
            <translation>发送第一条消息时连接</translation>
        </message>
        <message>
            <source>ended unexpectedly</source>
            <translation>意外结束</translation>
        </message>
        <message>
            <source>loading, {percent} %</source>
            <translation>加载中 {percent}%</translation>
        </message>
        <message>
            <source>loads with your first message</source>
            <translation>发送第一条消息时加载</translation>
        </message>
        <message>
            <source>ready</source>
            <translation>就绪</translation>
        </message>
        <message>
            <source>remote</source>
            <translation>远程</translation>
        </message>
        <message>
            <source>starting</source>
            <translation>启动中</translation>
        </message>
    </context>
    <context>
        <name>Transcript</name>
        <message>
            <source>Carry on</source>
            <translation>继续</translation>
        </message>
        <message>
            <source>Computed on {host}, which told these figures itself.</source>
            <translation>在 {host} 上计算，这些数字由其自行提供。</translation>
        </message>
        <message>
            <source>Computed on {host}; times were measured from this machine.</source>
            <translation>在 {host} 上计算；时间由本机测得。</translation>
        </message>
        <message>
            <source>Copy</source>
            <translation>复制</translation>
        </message>
        <message>
            <source>Copy as Markdown</source>
            <translation>复制为 Markdown</translation>
        </message>
        <message>
            <source>Details</source>
            <translation>详情</translation>
        </message>
        <message>
            <source>Earlier version (Alt+Left)</source>
            <translation>较早的版本（Alt+左箭头）</translation>
        </message>
        <message>
            <source>Find</source>
            <translation>查找</translation>
        </message>
        <message>
            <source>For a while the model read from here on</source>
            <translation>模型曾有一段时间从此处开始读取</translation>
        </message>
        <message>
            <source>Later version (Alt+Right)</source>
            <translation>较新的版本（Alt+右箭头）</translation>
        </message>
        <message>
            <source>Measured on this machine while this answer was written.</source>
            <translation>在本机生成此回答时实测。</translation>
        </message>
        <message>
            <source>Regenerate</source>
            <translation>重新生成</translation>
        </message>
        <message>
            <source>Select all</source>
            <translation>全选</translation>
        </message>
        <message>
            <source>Summary of what came before</source>
            <translation>此前内容的摘要</translation>
        </message>
        <message>
            <source>The model asked for the tool {name}. Chats have no tools, so it was not called.</source>
            <translation>模型请求使用工具 {name}。对话没有工具，因此未调用。</translation>
        </message>
        <message>
            <source>The model reads from here on, and this summary of what is above</source>
            <translation>模型从此处开始读取，并读取以上内容的这份摘要</translation>
        </message>
        <message>
            <source>The model reads from here on; what is above is forgotten</source>
            <translation>模型从此处开始读取；以上内容已被忘记</translation>
        </message>
        <message>
            <source>Thinking …</source>
            <translation>思考中…</translation>
        </message>
        <message>
            <source>Thinking … · {tokens} tokens</source>
            <translation>思考中… · {tokens} 词元</translation>
        </message>
        <message>
            <source>This answer was cut at its token limit or at the end of the context.</source>
            <translation>此回答因达到词元上限或上下文末尾而被截断。</translation>
        </message>
        <message>
            <source>This answer was interrupted. What had arrived is kept.</source>
            <translation>此回答被中断，已生成的部分已保留。</translation>
        </message>
        <message>
            <source>Thought before answering</source>
            <translation>回答前的思考</translation>
        </message>
        <message>
            <source>Thought for 1 second · {tokens} tokens</source>
            <translation>思考了 1 秒 · {tokens} 词元</translation>
        </message>
        <message>
            <source>Thought for a moment · {tokens} tokens</source>
            <translation>思考了片刻 · {tokens} 词元</translation>
        </message>
        <message>
            <source>Thought for {seconds} seconds · {tokens} tokens</source>
            <translation>思考了 {seconds} 秒 · {tokens} 词元</translation>
        </message>
        <message>
            <source>Version {place} of {count}: Alt+Left and Alt+Right show the others</source>
            <translation>第 {place} 个版本，共 {count} 个：按 Alt+左箭头或 Alt+右箭头查看其他版本</translation>
        </message>
        <message>
            <source>You stopped this answer.</source>
            <translation>您停止了此回答。</translation>
        </message>
        <message>
            <source>on {host} · {speed} tokens/s · {tokens} tokens</source>
            <translation>在 {host} 上 · {speed} 词元/秒 · {tokens} 词元</translation>
        </message>
        <message>
            <source>{speed} tokens/s · first token {first} s · {tokens} tokens</source>
            <translation>{speed} 词元/秒 · 首词元 {first} 秒 · {tokens} 词元</translation>
        </message>
    </context>
    <context>
        <name>TrashPage</name>
        <message>
            <source>Back to the chat</source>
            <translation>返回对话</translation>
        </message>
        <message>
            <source>Delete for good</source>
            <translation>永久删除</translation>
        </message>
        <message>
            <source>Deleted chats are kept for {days} days.</source>
            <translation>删除的对话会保留 {days} 天。</translation>
        </message>
        <message>
            <source>Empty the trash</source>
            <translation>清空回收站</translation>
        </message>
        <message>
            <source>Nothing is in the trash.</source>
            <translation>回收站是空的。</translation>
        </message>
        <message>
            <source>Put back</source>
            <translation>放回</translation>
        </message>
        <message>
            <source>Put {title} back</source>
            <translation>把“{title}”放回</translation>
        </message>
        <message>
            <source>Really delete all for good?</source>
            <translation>确定要永久删除全部吗？</translation>
        </message>
        <message>
            <source>Really delete?</source>
            <translation>确定删除？</translation>
        </message>
        <message>
            <source>Trash</source>
            <translation>回收站</translation>
        </message>
        <message>
            <source>{count} older ones are not shown.</source>
            <translation>另有 {count} 个更早的未显示。</translation>
        </message>
    </context>
    <context>
        <name>TrashView</name>
        <message>
            <source>Delete for good</source>
            <translation>永久删除</translation>
        </message>
        <message>
            <source>In the trash: {size}. It is deleted for good after a week.</source>
            <translation>回收站：{size}。一周后永久删除。</translation>
        </message>
        <message>
            <source>Put back</source>
            <translation>放回</translation>
        </message>
        <message>
            <source>Put {model} back</source>
            <translation>放回 {model}</translation>
        </message>
    </context>
    <context>
        <name>UndoBanner</name>
        <message>
            <source>Undo</source>
            <translation>撤销</translation>
        </message>
        <message>
            <source>“{title}” was deleted.</source>
            <translation>“{title}”已删除。</translation>
        </message>
    </context>
    <context>
        <name>UpdateBanner</name>
        <message>
            <source>Deskside {newer} is available; this is {version}.</source>
            <translation>Deskside {newer} 已发布；当前版本为 {version}。</translation>
        </message>
        <message>
            <source>Deskside {newer} is being fetched: {done} of {total}</source>
            <translation>正在获取 Deskside {newer}：{done}，共 {total}</translation>
        </message>
        <message>
            <source>Deskside {newer} is being fetched…</source>
            <translation>正在获取 Deskside {newer}…</translation>
        </message>
        <message>
            <source>Get it</source>
            <translation>获取</translation>
        </message>
        <message>
            <source>Get it where you got this one from.</source>
            <translation>请到您获取当前版本的地方获取它。</translation>
        </message>
        <message>
            <source>Open the folder</source>
            <translation>打开文件夹</translation>
        </message>
        <message>
            <source>Stop</source>
            <translation>停止</translation>
        </message>
        <message>
            <source>Try again</source>
            <translation>重试</translation>
        </message>
    </context>
    <context>
        <name>UpdateSettings</name>
        <message>
            <source>Asked last: {when}. Deskside {newer} is available; this is {version}.</source>
            <translation>上次检查：{when}。Deskside {newer} 已发布；当前版本为 {version}。</translation>
        </message>
        <message>
            <source>Asked last: {when}. No version newer than {version} is known.</source>
            <translation>上次检查：{when}。没有发现比 {version} 更新的版本。</translation>
        </message>
        <message>
            <source>Never asked so far.</source>
            <translation>尚未检查过。</translation>
        </message>
    </context>
    <context>
        <name>UpdateSwitch</name>
        <message>
            <source>Asks {host} for its signed list of versions, at most once a day. Nothing is fetched or installed by itself.</source>
            <translation>每天最多一次向 {host} 询问已签名的版本清单。不会自动获取或安装任何内容。</translation>
        </message>
        <message>
            <source>Tell me about new versions of Deskside</source>
            <translation>有 Deskside 新版本时告诉我</translation>
        </message>
        <message>
            <source>This version names no place where new ones are published, so nothing is asked, whatever is chosen here.</source>
            <translation>此版本没有指定新版本的发布来源，因此无论这里怎样选择，都不会询问任何地方。</translation>
        </message>
    </context>
    <context>
        <name>WhatIfView</name>
        <message>
            <source>Another card</source>
            <translation>再加显卡</translation>
        </message>
        <message>
            <source>Another processor</source>
            <translation>更换处理器</translation>
        </message>
        <message>
            <source>CNY, if known</source>
            <translation>元（如已知）</translation>
        </message>
        <message>
            <source>Disk, GB/s</source>
            <translation>硬盘，GB/s</translation>
        </message>
        <message>
            <source>Its price in CNY</source>
            <translation>它的价格（元）</translation>
        </message>
        <message>
            <source>Memory channels in all</source>
            <translation>内存通道总数</translation>
        </message>
        <message>
            <source>Memory, GiB in all</source>
            <translation>内存总量，GiB</translation>
        </message>
        <message>
            <source>Now nothing of the catalogue runs here for this purpose.</source>
            <translation>目前目录中没有适合此用途的模型能在这里运行。</translation>
        </message>
        <message>
            <source>Now: {model} {quantization}, {speed}, {memory} of memory</source>
            <translation>现在：{model} {quantization}，{speed}，内存 {memory}</translation>
        </message>
        <message>
            <source>What if?</source>
            <translation>试算</translation>
        </message>
        <message>
            <source>What to buy</source>
            <translation>买什么</translation>
        </message>
        <message>
            <source>Working it out…</source>
            <translation>正在计算…</translation>
        </message>
        <message>
            <source>for</source>
            <translation>价格</translation>
        </message>
    </context>
    <context>
        <name>Wizard</name>
        <message>
            <source>None found: models run on the processor.</source>
            <translation>未找到显卡：模型将在处理器上运行。</translation>
        </message>
        <message>
            <source>cannot be used</source>
            <translation>无法使用</translation>
        </message>
        <message>
            <source>driver {version}</source>
            <translation>驱动程序 {version}</translation>
        </message>
        <message>
            <source>limited to {limit}</source>
            <translation>上限 {limit}</translation>
        </message>
        <message>
            <source>read-only</source>
            <translation>只读</translation>
        </message>
        <message>
            <source>reads {rate}</source>
            <translation>读取 {rate}</translation>
        </message>
        <message>
            <source>shares the machine's memory</source>
            <translation>共享系统内存</translation>
        </message>
        <message>
            <source>speed not measured</source>
            <translation>未测速</translation>
        </message>
        <message>
            <source>swap {size}</source>
            <translation>交换空间 {size}</translation>
        </message>
        <message>
            <source>{cores} cores, {threads} threads</source>
            <translation>{cores} 核 {threads} 线程</translation>
        </message>
        <message>
            <source>{count} NUMA node(s)</source>
            <translation>{count} 个 NUMA 节点</translation>
        </message>
        <message>
            <source>{count} channel(s)</source>
            <translation>{count} 个通道</translation>
        </message>
        <message>
            <source>{count} fast</source>
            <translation>{count} 个性能核心</translation>
        </message>
        <message>
            <source>{count} memory module(s), {kind}</source>
            <translation>{count} 条内存，{kind}</translation>
        </message>
        <message>
            <source>{count} socket(s)</source>
            <translation>{count} 个插槽</translation>
        </message>
        <message>
            <source>{free} free of {total} on {mount}</source>
            <translation>{mount} 可用 {free}，共 {total}</translation>
        </message>
        <message>
            <source>{size} of its own memory</source>
            <translation>显存 {size}</translation>
        </message>
        <message>
            <source>{total} in all, {available} free</source>
            <translation>共 {total}，可用 {available}</translation>
        </message>
        <message>
            <source>{usable} usable</source>
            <translation>可用 {usable} 个</translation>
        </message>
    </context>
    <context>
        <name>WizardPage</name>
        <message>
            <source>Back</source>
            <translation>上一步</translation>
        </message>
        <message>
            <source>Begin to chat; the setup can be opened again later.</source>
            <translation>直接开始对话，以后可再次打开设置向导。</translation>
        </message>
        <message>
            <source>Check</source>
            <translation>检测</translation>
        </message>
        <message>
            <source>Get it</source>
            <translation>获取模型</translation>
        </message>
        <message>
            <source>Recommendation</source>
            <translation>推荐</translation>
        </message>
        <message>
            <source>Skip setup</source>
            <translation>跳过设置</translation>
        </message>
    </context>
    <context>
        <name>messages</name>
        <message>
            <source>A context of {context} tokens is more than the {trained} it was trained for; answers may lose the thread.</source>
            <translation>{context} 词元的上下文超过了模型训练时的 {trained}，回答可能会偏离主题。</translation>
        </message>
        <message>
            <source>A disk of that speed cannot be planned. Say what it reads in GB/s, up to {most}.</source>
            <translation>无法按这个速度的硬盘来规划。请以 GB/s 给出读取速度，最高 {most}。</translation>
        </message>
        <message>
            <source>A full context can be given room in these ways: {known}; not by {way}. Choose one of them.</source>
            <translation>上下文已满时可以用这些方式腾出空间：{known}；不能用 {way}。请选择其中一种。</translation>
        </message>
        <message>
            <source>A model or its description from an address that you give: the server there learns your address.</source>
            <translation>从您给出的地址获取模型或其说明：该处的服务器会得知您的网络地址。</translation>
        </message>
        <message>
            <source>A part of this model is missing: it has {count} files, and {name} is not in {folder}. Download the missing part into that folder.</source>
            <translation>此模型缺少一部分：它共有 {count} 个文件，而 {folder} 中没有 {name}。请把缺少的部分下载到该文件夹。</translation>
        </message>
        <message>
            <source>A saved report cannot be extended by parts. Describe the computer in a hardware file, as docs/cli.md shows, and give that with --hardware.</source>
            <translation>已保存的检测报告无法添加部件。请按 docs/cli.md 在硬件文件中描述这台电脑，并用 --hardware 指定。</translation>
        </message>
        <message>
            <source>A server that holds {name} sends on, again and again, to an address that is not followed: in circles, or out of encryption. Check the network connection for a login page, or use another endpoint, then try again; what arrived is kept.</source>
            <translation>存放 {name} 的服务器一再转到不允许前往的地址：循环跳转，或跳转到未加密的地址。请检查网络是否需要登录，或换用其他站点，然后重试；已下载的部分会保留。</translation>
        </message>
        <message>
            <source>A server that holds {name} showed a certificate that this machine does not trust. Check the date of this machine and the certificates of your network, then try again; what arrived is kept.</source>
            <translation>存放 {name} 的服务器出示了本机不信任的证书。请检查本机日期和所在网络的证书后重试；已下载的部分会保留。</translation>
        </message>
        <message>
            <source>A smaller file of {model}, {quantization} ({size}), would fit in the memory that is free now: download it with `deskside pull {name} {quantization}` or on the page of models.</source>
            <translation>{model} 的一个更小的文件 {quantization}（{size}）可以放进当前的空闲内存：用 `deskside pull {name} {quantization}` 或在模型页面下载。</translation>
        </message>
        <message>
            <source>A widely copied guide gives DeepSeek-R1-0528 12.8 billion parameters and a context of 2,048. It has 671 billion (36.7 billion used per token) and a context of 163,840.</source>
            <translation>一份广为流传的教程称 DeepSeek-R1-0528 有 128 亿参数、上下文 2,048。实际上它有 6710 亿参数（每个词元使用 367 亿），上下文为 163,840。</translation>
        </message>
        <message>
            <source>About {speed} tokens a second is slower than people read; {wanted} is comfortable.</source>
            <translation>每秒约 {speed} 个词元，慢于阅读速度；{wanted} 才算舒适。</translation>
        </message>
        <message>
            <source>All of it fits on {device} ({needed}).</source>
            <translation>可全部放入 {device}（{needed}）。</translation>
        </message>
        <message>
            <source>An engine of Deskside {theirs} is in use by another program, and this is Deskside {ours}. Close the other windows and commands of Deskside (process {pid} is the engine), then try again.</source>
            <translation>另一个程序正在使用 Deskside {theirs} 的引擎，而这是 Deskside {ours}。请关闭 Deskside 的其他窗口和命令（引擎是进程 {pid}），然后重试。</translation>
        </message>
        <message>
            <source>Another board and other memory are bought with these, which are not in their price: {processors}. They are planned with the memory that their makers name.</source>
            <translation>以下处理器还需要另购主板和内存，价格中不包含这些：{processors}。规划时按厂商标明的内存计算。</translation>
        </message>
        <message>
            <source>Another window or command of Deskside is downloading. This download goes on when that one has ended.</source>
            <translation>Deskside 的另一个窗口或命令正在下载。那边结束后，这里会继续。</translation>
        </message>
        <message>
            <source>At {bits} bits per weight it loses so much that a smaller model usually answers better.</source>
            <translation>每个权重仅 {bits} 位，损失很大，通常不如较小的模型回答得好。</translation>
        </message>
        <message>
            <source>By itself Deskside connects to nothing: no telemetry, no accounts, no crash reports, and no search for new versions unless that was switched on. Each of the following happens only after somebody asked for it.</source>
            <translation>Deskside 自身不会连接任何地方：没有遥测，没有账号，不发送崩溃报告，也不检查新版本，除非您打开了这项功能。以下各项只在有人要求之后才会发生。</translation>
        </message>
        <message>
            <source>Conversations, settings, figures of answers, logs and crash reports are kept in Deskside's folders for data, settings and state (`deskside doctor` says where), and are never sent. Keys of endpoints and the password of a proxy are kept in the system's keyring.</source>
            <translation>对话、设置、回答的统计数据、日志和崩溃报告保存在 Deskside 的数据、设置和状态文件夹中（`deskside doctor` 会显示位置），绝不会发送出去。端点的密钥和代理的密码保存在系统的密钥环中。</translation>
        </message>
        <message>
            <source>Deskside cannot write to its folder {path} ({reason}). Make it writable, or set {variable} to a folder that can be written, then start again.</source>
            <translation>Deskside 无法写入它的文件夹 {path}（{reason}）。请使其可写，或把 {variable} 设为一个可写的文件夹，然后重新启动。</translation>
        </message>
        <message>
            <source>Deskside cannot write to its folder {path} ({reason}). Make it writable, then start again.</source>
            <translation>Deskside 无法写入它的文件夹 {path}（{reason}）。请使其可写，然后重新启动。</translation>
        </message>
        <message>
            <source>Deskside ended unexpectedly last time. What is known of it is in {path} and stays on this machine; `deskside doctor --bundle` makes a report without private data of it, if you want to tell somebody.</source>
            <translation>Deskside 上次意外结束。已知的情况保存在 {path}，不会离开本机；如果您想告诉别人，`deskside doctor --bundle` 会生成一份不含私人数据的报告。</translation>
        </message>
        <message>
            <source>Deskside goes on with the copy of {date} and {count} newer messages that could still be read. The damaged database is kept as {aside}.</source>
            <translation>Deskside 已改用 {date} 的副本，并补上了仍能读出的 {count} 条较新的消息。损坏的数据库保留为 {aside}。</translation>
        </message>
        <message>
            <source>Deskside is closing, so no more is asked of {host}. Start it again.</source>
            <translation>Deskside 正在退出，不再向 {host} 发送请求。请重新启动。</translation>
        </message>
        <message>
            <source>Deskside is closing, so the engine takes no more work. Start it again.</source>
            <translation>Deskside 正在关闭，引擎不再接受新任务。请重新启动 Deskside。</translation>
        </message>
        <message>
            <source>Deskside was updated or removed while it was running, so a part of it could not be loaded any more. Close it and start it again; nothing that was saved is lost.</source>
            <translation>Deskside 在运行期间被更新或删除，因此它的一部分已无法加载。请关闭并重新启动；已保存的内容不会丢失。</translation>
        </message>
        <message>
            <source>Deskside {version} has no installer that replaces this one: this is a checkout, an unpacked folder, or a system without an installer. Get it where you got this one from.</source>
            <translation>Deskside {version} 没有能替换当前程序的安装程序：当前程序是源码目录、手动解压的文件夹，或所在系统没有安装程序。请到您获取它的地方获取新版本。</translation>
        </message>
        <message>
            <source>Devices of other computers that you added (in the settings, or with `deskside nodes add`): the engine sends them the model and conversations, encrypted with the pairing key. Those that somebody writes into a report of the check by hand get them without encryption.</source>
            <translation>您添加的其他电脑的设备（在设置中，或用 `deskside nodes add`）：引擎会把模型和对话发给它们，并用配对密钥加密。有人手动写入检查报告的设备则不加密。</translation>
        </message>
        <message>
            <source>Don't buy for the money alone: against an API at {api} CNY a million tokens nothing that this budget buys pays for itself in {years} years. Energy or price are too high for the tokens that it makes.</source>
            <translation>仅从花费看不建议购买：与每百万词元 {api} 元的 API 相比，这笔预算买到的设备都不能在 {years} 年内回本。相对于产出的词元，电费或售价过高。</translation>
        </message>
        <message>
            <source>Don't buy yet: of no whole computer a price is known. Say what one costs, or look at what a card would bring the one that is there.</source>
            <translation>暂不建议购买：还不知道任何一台整机的价格。请填写整机价格，或查看给已有的电脑加显卡会怎样。</translation>
        </message>
        <message>
            <source>Don't buy: no machine of which the prices are known costs {budget} CNY or less. The nearest is {machine} for up to {price} CNY. For the computer that is there already, look at what a card would bring it.</source>
            <translation>不建议购买：已知价格的机器中，没有不超过 {budget} 元的。最接近的是 {machine}，最高 {price} 元。如果已有电脑，可以查看给它加显卡会怎样。</translation>
        </message>
        <message>
            <source>Don't buy: none of this makes a model run well here. Compare whole machines with a budget instead.</source>
            <translation>不建议购买：这些都不能让模型在这台机器上流畅运行。请改用预算来比较整机。</translation>
        </message>
        <message>
            <source>Don't buy: none of this makes answers better or noticeably faster here.</source>
            <translation>不建议购买：在这台机器上，这些都不会让回答更好，也不会明显更快。</translation>
        </message>
        <message>
            <source>Don't buy: nothing that this money buys runs a model well. The nearest is {machine}.</source>
            <translation>不建议购买：这笔钱买到的机器都不能流畅运行模型。最接近的是 {machine}。</translation>
        </message>
        <message>
            <source>Don't buy: nothing within this budget runs a better model, or this one faster, than the computer you have does ({model}).</source>
            <translation>不建议购买：在这个预算内，没有哪台机器能比您现有的电脑运行更好的模型，或把同一个模型（{model}）运行得更快。</translation>
        </message>
        <message>
            <source>Downloading a model: the hub of the settings (huggingface.co) is asked for its files, and the servers that it names for them. They learn your address and the name of the model; the hub also your HF_TOKEN if that is set.</source>
            <translation>下载模型时：向设置中的模型库（huggingface.co）以及它为这些文件指定的服务器请求文件。它们会得知您的地址和模型名称；模型库还会收到您的 HF_TOKEN（如已设置）。</translation>
        </message>
        <message>
            <source>Downloads are switched off by the variable HF_HUB_OFFLINE. Unset it and try again.</source>
            <translation>环境变量 HF_HUB_OFFLINE 关闭了下载。请取消该变量后重试。</translation>
        </message>
        <message>
            <source>Energy is an upper bound: all parts at the most that they take. While answers are written they mostly take less.</source>
            <translation>能耗是上限：按所有部件的最大功耗计算。生成回答时的实际功耗大多更低。</translation>
        </message>
        <message>
            <source>Fetching a runtime for a graphics card: the place that you give, or that is set, learns your address and what is fetched.</source>
            <translation>获取显卡的运行组件：您给出或已设置的来源会得知您的网络地址和所获取的内容。</translation>
        </message>
        <message>
            <source>How fast does the disk read? The description does not say, and the speed changes up to {factor} times with it. Give read_gb_s of disks.</source>
            <translation>硬盘读取速度是多少？描述中没有说明，速度因此可相差 {factor} 倍。请在 disks 中填写 read_gb_s。</translation>
        </message>
        <message>
            <source>How many memory channels hold modules is not known here, so filling more cannot be planned. Describe the machine in a hardware file with memory.channels, and give that with --hardware.</source>
            <translation>不清楚这台机器有几个内存通道插了内存条，因此无法规划增加通道。请在硬件文件中用 memory.channels 描述这台机器，再用 --hardware 指定该文件。</translation>
        </message>
        <message>
            <source>How many memory channels hold modules, and at what speed? The description does not say, and the speed changes up to {factor} times with it. Give memory.channels and memory.mt_s, or a measured memory.bandwidth_gb_s.</source>
            <translation>有几个内存通道插了内存条，频率是多少？描述中没有说明，速度因此可相差 {factor} 倍。请填写 memory.channels 和 memory.mt_s，或实测的 memory.bandwidth_gb_s。</translation>
        </message>
        <message>
            <source>How many threads compute? The description does not say, and between {low} and {high} threads the speed changes {factor} times. Give cpu.threads.</source>
            <translation>用多少个线程计算？描述中没有说明；从 {low} 到 {high} 个线程，速度相差 {factor} 倍。请填写 cpu.threads。</translation>
        </message>
        <message>
            <source>How much memory this model takes could not be found out exactly ({reason}). The plan by formula stands; it is an estimate.</source>
            <translation>无法精确得出该模型需要多少内存（{reason}）。仍采用按公式得出的方案，它是估计值。</translation>
        </message>
        <message>
            <source>It changes nothing that anybody would notice: {model} answers at about {speed} tokens a second as before.</source>
            <translation>看不出任何变化：{model} 仍以每秒约 {speed} 个词元回答。</translation>
        </message>
        <message>
            <source>It fits in main memory: it needs {needed}, and {budget} can be used.</source>
            <translation>可放入内存：需要 {needed}，可用 {budget}。</translation>
        </message>
        <message>
            <source>It is not known where new versions of Deskside are published, so nothing was asked: this version names no place and no key to believe it by. Set both (releases_from in the settings file, release-keys.txt beside it), or look where you got Deskside from.</source>
            <translation>不知道 Deskside 的新版本在哪里发布，因此没有询问任何地方：此版本既没有指定来源，也没有用于核实的密钥。请同时设置两者（设置文件中的 releases_from，以及旁边的 release-keys.txt），或到您获取 Deskside 的地方查看。</translation>
        </message>
        <message>
            <source>It is not known where runtimes are to be fetched from. Name an address or a folder with --from.</source>
            <translation>不知道从哪里获取运行组件。请用 --from 指定一个地址或文件夹。</translation>
        </message>
        <message>
            <source>It needs {needed} and this machine can give it {budget}, so {missing} would be read from the disk again and again. With {missing} more memory it would stay in memory.</source>
            <translation>它需要 {needed}，本机可提供 {budget}，因此有 {missing} 须反复从磁盘读取。再增加 {missing} 内存即可完全放入内存。</translation>
        </message>
        <message>
            <source>It needs {needed} and this machine can give it {budget}: {missing} more memory is needed before it starts at all. Choose a smaller model or add memory.</source>
            <translation>它需要 {needed}，本机可提供 {budget}：还差 {missing} 内存才能启动。请选择更小的模型或增加内存。</translation>
        </message>
        <message>
            <source>It thinks before it answers, so about {speed} tokens a second means waiting for minutes; {wanted} is comfortable.</source>
            <translation>它会先思考再回答，每秒约 {speed} 个词元意味着要等几分钟；{wanted} 才算舒适。</translation>
        </message>
        <message>
            <source>It was put aside before ({reason}). Choose it again to give it another chance, or choose another runtime.</source>
            <translation>它之前已被停用（{reason}）。可以重新选择它再试一次，或选择另一个运行组件。</translation>
        </message>
        <message>
            <source>It would run well if main memory read {rate} (now {now}): more channels, or faster modules.</source>
            <translation>如果内存读取达到 {rate}（现在为 {now}），它就能流畅运行：需要更多通道或更快的内存条。</translation>
        </message>
        <message>
            <source>It would run well with {count} x {card} more.</source>
            <translation>再加 {count} 张 {card}，它就能流畅运行。</translation>
        </message>
        <message>
            <source>It would run well with {size} of main memory in all that reads {rate} (now {now}), as servers with many channels do.</source>
            <translation>如果内存共有 {size}、读取达到 {rate}（现在为 {now}），它就能流畅运行，多通道的服务器能做到。</translation>
        </message>
        <message>
            <source>Its experts ({experts}) stay in main memory; everything else runs on {device}.</source>
            <translation>其专家权重（{experts}）留在内存中，其余部分在 {device} 上运行。</translation>
        </message>
        <message>
            <source>Its memory of the conversation is stored as {kv_type}, so that {context} tokens fit; the loss is small.</source>
            <translation>对话缓存以 {kv_type} 保存，以容纳 {context} 个词元；损失很小。</translation>
        </message>
        <message>
            <source>Its output is computed on {device}; all layers stay in main memory ({rest}) and set the pace.</source>
            <translation>其输出层在 {device} 上计算；所有层都留在内存中（{rest}），并决定速度。</translation>
        </message>
        <message>
            <source>Its source does not hold {name} as it was when this download began. Start the download again to get its present version.</source>
            <translation>来源中的 {name} 在下载开始后已有变化。请重新开始下载以获取当前版本。</translation>
        </message>
        <message>
            <source>Lending this computer, while it is switched on or `deskside worker` runs: listens on the network and lends its devices to whoever has its key.</source>
            <translation>借出这台电脑（开启期间，或 `deskside worker` 运行期间）：在网络上监听，并把它的设备借给持有密钥的人。</translation>
        </message>
        <message>
            <source>Links in answers and pages of drivers: opened in your browser when they are clicked.</source>
            <translation>回答中的链接和驱动程序页面：点击时在您的浏览器中打开。</translation>
        </message>
        <message>
            <source>Main memory sets the pace at about {speed} tokens a second. Its speed was not measured ({rate} is assumed); a full check tells more.</source>
            <translation>内存决定速度，每秒约 {speed} 个词元。内存速度未实测（按 {rate} 假定）；完整检测可得到更准确的结果。</translation>
        </message>
        <message>
            <source>Main memory sets the pace at about {speed} tokens a second: every token reads the weights once, at {rate}. Faster memory or a graphics card would change that.</source>
            <translation>内存决定速度，每秒约 {speed} 个词元：每个词元都要以 {rate} 读取一遍权重。更快的内存或显卡可以改善。</translation>
        </message>
        <message>
            <source>Memory bandwidth was not measured, because only {free} of memory is free. Close some programs, then check again.</source>
            <translation>未测量内存带宽，因为只有 {free} 内存可用。请关闭一些程序后重新检测。</translation>
        </message>
        <message>
            <source>Memory is built into this machine, so neither modules nor a card can be added. Compare whole machines with a budget instead.</source>
            <translation>这台机器的内存是内置的，不能加内存条，也不能加显卡。请改用预算来比较整机。</translation>
        </message>
        <message>
            <source>Memory is built into this machine, so nothing can be added: a smaller model, or another machine, would change that.</source>
            <translation>这台机器的内存是内置的，无法添置：换更小的模型或换一台机器才有改变。</translation>
        </message>
        <message>
            <source>Memory reads at {after} now, {before} at the last check.</source>
            <translation>内存读取速度现在为 {after}，上次检测时为 {before}。</translation>
        </message>
        <message>
            <source>Mirrors (hf-mirror.com and modelscope.cn, or others) are asked for the same files, without the token, only where you have allowed that in the settings or beside a failed download. They learn your address and the name of the model.</source>
            <translation>镜像（hf-mirror.com 和 modelscope.cn，或其他镜像）：只有在您于设置中或在失败的下载旁允许之后，才会向它们请求相同的文件，且不带令牌。它们会得知您的地址和模型名称。</translation>
        </message>
        <message>
            <source>Models elsewhere: the endpoints that you added get whole conversations, and their keys. Nothing is sent to them unless one of their models is chosen.</source>
            <translation>别处的模型：您添加的端点会收到整个对话及其密钥。除非选用了其中的模型，否则不会向它们发送任何内容。</translation>
        </message>
        <message>
            <source>More than half of the money is left: of the machines whose prices are known, nothing dearer within it does better for this wish.</source>
            <translation>钱还剩一半以上：在已知价格的机器中，预算内更贵的并不能更好地满足这个需求。</translation>
        </message>
        <message>
            <source>New versions could not be looked for, because {place} does not answer as it should ({reason}). This version goes on; check the address and the connection.</source>
            <translation>无法检查新版本，因为 {place} 没有给出应有的回答（{reason}）。当前版本照常使用；请检查地址和网络连接。</translation>
        </message>
        <message>
            <source>New versions of Deskside, when that is switched on in the settings or asked for with `deskside update`: the place that is set is asked for its list of versions, by itself at most once a day, and for an installer only when you ask for it. Its server learns your address. This version names no such place, so nothing is asked unless you set one.</source>
            <translation>Deskside 的新版本：只有在设置中打开了这项功能，或运行 `deskside update` 时，才会向所设置的来源询问版本清单；自动询问每天最多一次，安装程序只在您要求时才获取。对方服务器会得知您的网络地址。此版本没有指定这样的来源，因此除非您自行设置，否则不会询问任何地方。</translation>
        </message>
        <message>
            <source>No card called {name} is known, so what it would bring cannot be planned. The nearest known ones: {nearest}.</source>
            <translation>没有名为 {name} 的显卡，因此无法规划它的效果。最接近的有：{nearest}。</translation>
        </message>
        <message>
            <source>No machine {address} was added. `deskside nodes` lists those that were.</source>
            <translation>没有添加过机器 {address}。用 `deskside nodes` 查看已添加的机器。</translation>
        </message>
        <message>
            <source>No model is loaded, so nothing can answer. Load a model first.</source>
            <translation>尚未加载模型，无法回答。请先加载一个模型。</translation>
        </message>
        <message>
            <source>No price with a source and a date is known of: {parts}. Say what they cost, and they are compared too.</source>
            <translation>以下部件没有带来源和日期的价格：{parts}。填写价格后也会参与比较。</translation>
        </message>
        <message>
            <source>No processor called {name} is known, so what it would bring cannot be planned. The nearest known ones: {nearest}.</source>
            <translation>没有名为 {name} 的处理器，因此无法规划它的效果。最接近的有：{nearest}。</translation>
        </message>
        <message>
            <source>No quantization is called {quantization}. Nearest: {nearest}. For {model} the catalogue lists: {known}.</source>
            <translation>没有名为 {quantization} 的量化。最接近的有：{nearest}。目录中 {model} 列有：{known}。</translation>
        </message>
        <message>
            <source>No version newer than {version} is known, so there is nothing to fetch. Ask with deskside update --check.</source>
            <translation>没有发现比 {version} 更新的版本，因此没有可获取的内容。可用 deskside update --check 询问。</translation>
        </message>
        <message>
            <source>None of the runtimes at {place} is for this version ({abi}) and for the graphics cards of this machine ({cards}), so nothing was fetched. Check the machine again if it has another card by now, or get a list for this version.</source>
            <translation>{place} 提供的运行组件中，没有适用于此版本（{abi}）和这台电脑的显卡（{cards}）的，因此没有获取任何内容。如果已更换显卡，请重新检测这台电脑；否则请获取适用于此版本的清单。</translation>
        </message>
        <message>
            <source>Nothing at that address tells how large {name} is, so nobody could say whether it arrived whole. Nothing was downloaded; choose another address.</source>
            <translation>该网址没有说明 {name} 的大小，因此无法判断它是否完整到达。什么也没有下载；请换一个网址。</translation>
        </message>
        <message>
            <source>Nothing for this purpose fits here, so what is listed is for shorter conversations. The nearest is {model}.</source>
            <translation>没有适合此用途的模型能放进这台机器，因此列出的是用于较短对话的模型。最接近的是 {model}。</translation>
        </message>
        <message>
            <source>Nothing runs then either.</source>
            <translation>这样也没有模型能运行。</translation>
        </message>
        <message>
            <source>Nothing runs well here for this purpose; what is listed runs slowly. The nearest is {model}; for shorter conversations more runs well.</source>
            <translation>没有适合此用途的模型能在这里流畅运行，列出的都较慢。最接近的是 {model}；较短的对话有更多模型能流畅运行。</translation>
        </message>
        <message>
            <source>Nothing was known of {name} to compare with. Its checksum was noted, so that the next verification can tell whether it changed.</source>
            <translation>此前没有 {name} 的校验和可供比对。现已记下，下次验证时就能知道它是否变过。</translation>
        </message>
        <message>
            <source>One part of the check failed ({step}: {reason}). Everything else was checked; check again, and report it if it stays.</source>
            <translation>检测的一个步骤失败（{step}：{reason}），其余均已检测。请重新检测；若仍失败，请向我们报告。</translation>
        </message>
        <message>
            <source>One part of the check took too long ({step}: over {seconds} s) and was left out. Check again; a network drive that does not answer can be the cause.</source>
            <translation>检测的一个步骤耗时过长（{step}：超过 {seconds} 秒），已略过。请重新检测；可能是网络驱动器没有响应。</translation>
        </message>
        <message>
            <source>One question alone is longer than the context, so there is nothing older to leave out. Shorten it, or load the model with a longer context.</source>
            <translation>单是这一个问题就超过了上下文长度，没有更早的内容可以省略。请缩短问题，或用更长的上下文加载模型。</translation>
        </message>
        <message>
            <source>Only a price in US dollars is known of: {parts}. Say what a dollar costs, and they are compared too.</source>
            <translation>以下部件只有美元价格：{parts}。填写美元汇率后也会参与比较。</translation>
        </message>
        <message>
            <source>Only {budget} of memory can be used now, which is too little for any model of the catalogue. The nearest is {model}, which needs {needed}: close other programs, then check again.</source>
            <translation>现在只能使用 {budget} 内存，放不下目录中的任何模型。最接近的是 {model}，需要 {needed}：请关闭其他程序后重新检测。</translation>
        </message>
        <message>
            <source>Other machines can reach this address, so an API key is needed. This one was made and is shown this once: {key}. It is kept in {path}.</source>
            <translation>其他电脑可以访问此地址，因此需要 API 密钥。已生成以下密钥，仅显示这一次：{key}。它保存在 {path} 中。</translation>
        </message>
        <message>
            <source>Other programs hold {held} of memory now and {free} is free. Closing some of them makes room for larger models; then check again.</source>
            <translation>其他程序目前占用 {held} 内存，剩余 {free}。关闭一些程序可为更大的模型腾出空间；之后请重新检测。</translation>
        </message>
        <message>
            <source>Other programs were busy during the check, so the measured speeds may be too low. Close them and check again for better figures.</source>
            <translation>检测期间其他程序较忙，实测速度可能偏低。关闭它们后重新检测，可得到更准确的数值。</translation>
        </message>
        <message>
            <source>Part of it lies on {nodes}, since it does not fit here: {share} % of the time of a token goes to the network. A machine that holds all of it would be faster.</source>
            <translation>本机放不下，因此有一部分放在 {nodes} 上：每个词元有 {share}% 的时间花在网络上。能整个放下它的机器会更快。</translation>
        </message>
        <message>
            <source>Part of it lies on {nodes}, which is faster than without, though {share} % of the time of a token goes to the network.</source>
            <translation>有一部分放在 {nodes} 上，这比不用它更快，尽管每个词元有 {share}% 的时间花在网络上。</translation>
        </message>
        <message>
            <source>Programs may use {after} processors now, {before} before.</source>
            <translation>程序现在可使用 {after} 个处理器，之前为 {before} 个。</translation>
        </message>
        <message>
            <source>Read from the disk again and again, {model} is going to write about {speed} tokens a second here.</source>
            <translation>{model} 需要反复从磁盘读取，在本机上预计每秒写出约 {speed} 个词元。</translation>
        </message>
        <message>
            <source>Reading {name} took more memory or time than a PDF may take, so it was ended. Save it again as a PDF, or copy the text that matters.</source>
            <translation>读取 {name} 占用的内存或时间超过了 PDF 的限度，已经终止。请重新存为 PDF，或复制需要的文字。</translation>
        </message>
        <message>
            <source>Reading {tokens} tokens takes about {wait}, and {patience} is what people wait for.</source>
            <translation>读取 {tokens} 个词元约需 {wait}，而人们一般只愿意等 {patience}。</translation>
        </message>
        <message>
            <source>Requests and answers travel without encryption beyond this machine. On a network that you do not trust, put a proxy with TLS in front, or use an SSH tunnel.</source>
            <translation>离开本机的请求和回答未经加密。在不受信任的网络中，请在前面加一个 TLS 代理，或使用 SSH 隧道。</translation>
        </message>
        <message>
            <source>Requests for {most} models are waiting already, and they are loaded one after the other. Try again in a while, or use one of these models.</source>
            <translation>已有针对 {most} 个模型的请求在等待，而模型只能逐个加载。请稍后再试，或使用其中的某个模型。</translation>
        </message>
        <message>
            <source>Searching the hub, looking at a model of it, testing the connection: the hub, and for the test its mirrors, learn your address and the words of the search.</source>
            <translation>搜索模型库、查看其中的模型、测试连接：模型库（测试时还有其镜像）会得知您的网络地址和搜索词。</translation>
        </message>
        <message>
            <source>Set by hand, not found by the check: {keys}.</source>
            <translation>手动设置、并非检测所得的数值：{keys}。</translation>
        </message>
        <message>
            <source>Something went wrong that Deskside did not foresee ({detail}). Its log has more; please report it.</source>
            <translation>发生了 Deskside 未预料到的错误（{detail}）。日志中有更多信息；请报告此问题。</translation>
        </message>
        <message>
            <source>Something went wrong that Deskside did not foresee ({detail}). The log in {log} has more; please report it.</source>
            <translation>发生了 Deskside 未曾预料的错误（{detail}）。详情见日志 {log}，请向我们报告。</translation>
        </message>
        <message>
            <source>Text {number} has {needed} tokens and the model reads at most {available} at once. Split it into shorter ones.</source>
            <translation>第 {number} 段文本有 {needed} 个词元，而模型一次最多读取 {available} 个。请将其拆成更短的文本。</translation>
        </message>
        <message>
            <source>Text {number} is empty and cannot be embedded. Leave it out.</source>
            <translation>第 {number} 段文本为空，无法生成嵌入向量。请去掉它。</translation>
        </message>
        <message>
            <source>That folder is not there any more. Choose another one.</source>
            <translation>该文件夹已不存在。请另选一个。</translation>
        </message>
        <message>
            <source>The API cannot listen on {host}, port {port} ({reason}). Give --host an address of this machine, and --port a port that you may use.</source>
            <translation>API 无法在 {host} 的端口 {port} 上监听（{reason}）。请用 --host 指定本机的地址，并用 --port 指定您可以使用的端口。</translation>
        </message>
        <message>
            <source>The API cannot listen on {host}, port {port}, because another program uses that port. End that program, or choose another port with --port (0 takes a free one).</source>
            <translation>API 无法在 {host} 的端口 {port} 上监听，因为另一个程序正在使用该端口。请结束该程序，或用 --port 选择其他端口（0 表示任选一个空闲端口）。</translation>
        </message>
        <message>
            <source>The API for other programs could not be switched on ({reason}). Choose another port if that one is taken; details are in {log}.</source>
            <translation>无法开启供其他程序使用的 API（{reason}）。如果端口已被占用，请换一个端口；详情见 {log}。</translation>
        </message>
        <message>
            <source>The API for other programs has ended by itself (exit code {number}). Switch it on again; details are in {log}.</source>
            <translation>供其他程序使用的 API 已自行结束（退出码 {number}）。请重新打开；详情见 {log}。</translation>
        </message>
        <message>
            <source>The API for other programs has ended by itself ({reason}). Switch it on again; details are in {log}.</source>
            <translation>供其他程序使用的 API 已自行结束（{reason}）。请重新打开；详情见 {log}。</translation>
        </message>
        <message>
            <source>The API for other programs was ended by the system or another program (signal {signal}). If memory was short, close something; then switch it on again. Details are in {log}.</source>
            <translation>供其他程序使用的 API 被系统或其他程序结束（信号 {signal}）。如果内存不足，请先关闭一些程序，再重新打开。详情见 {log}。</translation>
        </message>
        <message>
            <source>The API for other programs, when it is switched on: listens on this machine only, or on the network if that is switched on, too, and then wants a key.</source>
            <translation>供其他程序使用的 API（开启时）：只在本机监听；如果也开启了网络访问，则在网络上监听，并要求密钥。</translation>
        </message>
        <message>
            <source>The API key in {where} cannot be used: {reason}. Put a long random text of letters and digits there.</source>
            <translation>{where} 中的 API 密钥无法使用：{reason}。请在其中放入一段由字母和数字组成的长随机文本。</translation>
        </message>
        <message>
            <source>The API key of the request is not the key of this server. Use the key that was shown when the server was first started.</source>
            <translation>请求中的 API 密钥不是本服务器的密钥。请使用服务器首次启动时显示的密钥。</translation>
        </message>
        <message>
            <source>The JSON of the request holds more than {most} values, which is the most that is taken. Send less at once.</source>
            <translation>请求的 JSON 包含超过 {most} 个值，超出了上限。请一次发送得少一些。</translation>
        </message>
        <message>
            <source>The JSON of the request is nested more than {most} levels deep, which is not taken. Send a flatter object.</source>
            <translation>请求的 JSON 嵌套超过 {most} 层，无法接受。请发送层次更少的对象。</translation>
        </message>
        <message>
            <source>The JSON schema was to be kept to strictly, and {keywords} in it cannot be kept to while an answer is written. Leave that out of the schema, or ask without strict.</source>
            <translation>要求严格遵守 JSON schema，但其中的 {keywords} 无法在生成时保证。请从 schema 中去掉它，或不使用 strict。</translation>
        </message>
        <message>
            <source>The NVIDIA driver does not answer ({reason}). If it was updated since the machine started, restart the machine, then check again.</source>
            <translation>NVIDIA 驱动程序没有响应（{reason}）。如果开机后更新过驱动程序，请重启机器后重新检测。</translation>
        </message>
        <message>
            <source>The address {endpoint} cannot be used to download models: {reason}. Give an address that begins with https:// (http:// is allowed only for this machine itself).</source>
            <translation>地址 {endpoint} 不能用于下载模型：{reason}。请填写以 https:// 开头的地址（只有指向本机时才可用 http://）。</translation>
        </message>
        <message>
            <source>The answer cannot be sampled with {name} = {value}. Choose a value between {low} and {high}.</source>
            <translation>无法以 {name} = {value} 采样回答。请选择 {low} 到 {high} 之间的值。</translation>
        </message>
        <message>
            <source>The answer could not keep to the form that was asked for ({reason}). What was written is kept; make the form simpler, or ask without it.</source>
            <translation>回答无法符合所要求的格式（{reason}）。已写出的内容已保留；请简化格式，或不使用它再次提问。</translation>
        </message>
        <message>
            <source>The answer ended without its figures, because the worker stopped early. Ask again; the worker's log says more.</source>
            <translation>回答结束时没有给出统计数据，因为工作进程提前停止。请重新提问；详情见工作进程日志。</translation>
        </message>
        <message>
            <source>The answer keeps to the JSON schema, but not to {keywords}, which cannot be kept to while it is written. Check the answer for it.</source>
            <translation>回答会遵守 JSON schema，但无法在生成时保证 {keywords}。请自行检查回答。</translation>
        </message>
        <message>
            <source>The answer was ended before it was complete, because its model was unloaded or replaced. Send the request again.</source>
            <translation>回答在完成前被中止，因为其模型已被卸载或替换。请重新发送请求。</translation>
        </message>
        <message>
            <source>The answer was ended, because the client did not read it as fast as it was written. Read the stream without pauses, or ask without stream.</source>
            <translation>回答已中止，因为客户端读取的速度跟不上生成的速度。请不间断地读取数据流，或不使用流式请求。</translation>
        </message>
        <message>
            <source>The answers to requests for {name} make no sense, so a login page or a faulty proxy may stand in between. Check the network connection, then try again; what arrived is kept.</source>
            <translation>请求 {name} 得到的应答不合理，中间可能有登录页面或有故障的代理。请检查网络连接后重试；已下载的部分会保留。</translation>
        </message>
        <message>
            <source>The body of the request did not arrive in time ({seconds} seconds at most), so it was given up. Check the connection and send it again.</source>
            <translation>请求正文没有及时到达（最多 {seconds} 秒），已放弃接收。请检查连接后重新发送。</translation>
        </message>
        <message>
            <source>The body of the request is not JSON ({reason}). Send one JSON object, encoded as UTF-8.</source>
            <translation>请求正文不是 JSON（{reason}）。请发送一个 UTF-8 编码的 JSON 对象。</translation>
        </message>
        <message>
            <source>The catalogue knows no {quantization} file of {model}: its size is computed, and perhaps nobody published it.</source>
            <translation>目录中没有 {model} 的 {quantization} 文件：其大小为计算所得，也可能无人发布过。</translation>
        </message>
        <message>
            <source>The chat database is not damaged, so its copy is not needed. Nothing was changed.</source>
            <translation>对话数据库没有损坏，不需要使用副本。没有做任何更改。</translation>
        </message>
        <message>
            <source>The chat database {path} cannot be used ({reason}). Check that the file and its folder can be written and are not on a failing disk.</source>
            <translation>对话数据库 {path} 无法使用（{reason}）。请检查该文件及其文件夹是否可写，磁盘是否有故障。</translation>
        </message>
        <message>
            <source>The chat database {path} is damaged ({reason}). Its copy of {date} is shown, and nothing can be written until you go on with that copy; the damaged file is kept.</source>
            <translation>对话数据库 {path} 已损坏（{reason}）。现在显示的是它在 {date} 的副本；在您改用该副本之前无法写入任何内容，损坏的文件会保留。</translation>
        </message>
        <message>
            <source>The chat database {path} was moved or deleted while it was in use, so nothing can be saved. Put it back, or start Deskside again to begin a new one.</source>
            <translation>对话数据库 {path} 在使用中被移走或删除，因此无法保存任何内容。请把它放回原处，或重新启动 Deskside 以新建一个。</translation>
        </message>
        <message>
            <source>The chat database {path} was written by a newer Deskside (format {found}, this one knows {known}). Update Deskside to read it; nothing was changed.</source>
            <translation>对话数据库 {path} 由较新的 Deskside 写入（格式 {found}，本版本支持 {known}）。请更新 Deskside 后再读取；未作任何更改。</translation>
        </message>
        <message>
            <source>The chat template of {model} could not be used ({reason}), so a common one (ChatML) is used in its place. If answers look odd, download the model again or choose another.</source>
            <translation>{model} 的对话模板无法使用（{reason}），已改用通用模板（ChatML）。如果回答看起来不正常，请重新下载该模型或另选一个。</translation>
        </message>
        <message>
            <source>The chat template of {model} has nothing called {names}, so that made no difference. Leave it out, or choose a model that knows it.</source>
            <translation>{model} 的对话模板中没有 {names}，因此它没有起作用。请去掉它，或选择支持它的模型。</translation>
        </message>
        <message>
            <source>The chats cannot be searched ({reason}). Close other windows of Deskside and try again; the chats themselves are not affected.</source>
            <translation>无法搜索对话（{reason}）。请关闭 Deskside 的其他窗口后重试；对话本身不受影响。</translation>
        </message>
        <message>
            <source>The chats could not be copied to {folder} ({reason}). Free some space, or check that the folder can be written.</source>
            <translation>无法把对话复制到 {folder}（{reason}）。请腾出一些空间，或检查该文件夹是否可写。</translation>
        </message>
        <message>
            <source>The chats could not be written to {path} ({reason}). Choose another folder, or free some space.</source>
            <translation>无法把对话写入 {path}（{reason}）。请另选文件夹，或腾出一些空间。</translation>
        </message>
        <message>
            <source>The command was not understood: {problem}. `{program} --help` lists what there is.</source>
            <translation>无法理解该命令：{problem}。可用 `{program} --help` 查看所有命令。</translation>
        </message>
        <message>
            <source>The connection to {host} broke off ({reason}). What had arrived is kept; try again.</source>
            <translation>与 {host} 的连接中断（{reason}）。已收到的内容都已保留；请重试。</translation>
        </message>
        <message>
            <source>The conversation has {count} images, and at most {most} are read. Begin a new one, or leave some out.</source>
            <translation>对话中有 {count} 张图片，最多读取 {most} 张。请新建对话，或去掉一些图片。</translation>
        </message>
        <message>
            <source>The conversation is longer than the context of {length} tokens, so its {count} oldest messages are left out of this answer. They are kept; load the model with a longer context to have them read.</source>
            <translation>对话超过了 {length} 个词元的上下文，因此本次回答没有读取最早的 {count} 条消息。它们仍然保留；如需读取，请用更长的上下文加载模型。</translation>
        </message>
        <message>
            <source>The conversation is longer than what {model} on {host} can hold{told}. Leave out the oldest messages, summarise them, or begin a new conversation.</source>
            <translation>对话超出了 {host} 上 {model} 的上下文长度{told}。请省略最早的消息、将其总结，或开始新对话。</translation>
        </message>
        <message>
            <source>The conversation needs {needed} tokens and the context holds {available}. Shorten the message, start a new conversation, or load the model with a longer context.</source>
            <translation>对话需要 {needed} 个词元，而上下文只能容纳 {available}。请缩短消息、开始新对话，或以更长的上下文加载模型。</translation>
        </message>
        <message>
            <source>The conversation was too long for {host}, so its {count} oldest messages were left out of this answer.</source>
            <translation>对话对 {host} 来说太长，本次回答省略了最早的 {count} 条消息。</translation>
        </message>
        <message>
            <source>The data folder {path} cannot be written ({reason}). Make it writable, or set XDG_DATA_HOME to another folder.</source>
            <translation>数据文件夹 {path} 无法写入（{reason}）。请使其可写，或把 XDG_DATA_HOME 设为另一个文件夹。</translation>
        </message>
        <message>
            <source>The description does not say how much memory the machine has, so it is taken to be enough: {needed} are needed. Give memory.size_gib.</source>
            <translation>描述中没有说明机器有多少内存，因此假定足够：需要 {needed}。请填写 memory.size_gib。</translation>
        </message>
        <message>
            <source>The disk became full while {path} was being written. What arrived is kept: free some space, then start the download again and it goes on.</source>
            <translation>写入 {path} 时磁盘已满。已下载的部分会保留：请腾出一些空间，再次开始下载即可继续。</translation>
        </message>
        <message>
            <source>The disk image is verified and lies in {path}. Close Deskside, open the image and drag Deskside into Applications.</source>
            <translation>磁盘映像已核实，位于 {path}。请关闭 Deskside，打开映像，把 Deskside 拖入“应用程序”。</translation>
        </message>
        <message>
            <source>The disk of the models folder cannot hold a file as large as {name} (FAT32 disks end at 4 GiB). Choose a folder on another disk, or a smaller quantization.</source>
            <translation>模型文件夹所在的磁盘放不下 {name} 这么大的文件（FAT32 磁盘上限为 4 GiB）。请选择其他磁盘上的文件夹，或更小的量化。</translation>
        </message>
        <message>
            <source>The disk of {path} is nearly full, so the download was paused before it took the rest. What arrived is kept: free some space, then start the download again and it goes on.</source>
            <translation>{path} 所在磁盘将满，因此下载已暂停，以免占满剩余空间。已下载的部分会保留：请释放一些空间，然后重新开始下载，即可接着进行。</translation>
        </message>
        <message>
            <source>The disk sets the pace at about {speed} tokens a second. Its speed was not measured ({rate} is assumed); a full check tells more.</source>
            <translation>磁盘决定速度，每秒约 {speed} 个词元。磁盘速度未实测（按 {rate} 假定）；完整检测可得到更准确的结果。</translation>
        </message>
        <message>
            <source>The disk sets the pace at about {speed} tokens a second: it reads {rate}.</source>
            <translation>磁盘决定速度，每秒约 {speed} 个词元：其读取速度为 {rate}。</translation>
        </message>
        <message>
            <source>The disk speed of {path} was not measured, because its file system ({filesystem}) cannot read past the cache. Choose a folder on another disk to measure that one.</source>
            <translation>未测量 {path} 的磁盘速度，因为其文件系统（{filesystem}）无法绕过缓存读取。请选择其他磁盘上的文件夹来测量。</translation>
        </message>
        <message>
            <source>The disk speed of {path} was not measured, because no test file could be written there ({reason}). Make the folder writable, then check again.</source>
            <translation>未测量 {path} 的磁盘速度，因为无法在那里写入测试文件（{reason}）。请使该文件夹可写后重新检测。</translation>
        </message>
        <message>
            <source>The disk speed of {path} was not measured, because only {free} are free there and a test file would need too much of it. Free some space, then check again.</source>
            <translation>未测量 {path} 的磁盘速度，因为那里只剩 {free}，测试文件会占用过多空间。请腾出一些空间后重新检测。</translation>
        </message>
        <message>
            <source>The disk speed of {path} was not measured, because reading failed ({reason}). If this happens again, look at the health of the disk.</source>
            <translation>未测量 {path} 的磁盘速度，因为读取失败（{reason}）。如果再次出现，请检查磁盘的健康状况。</translation>
        </message>
        <message>
            <source>The disk speed of {path} was not measured, because the check would have taken too long. Check again with fewer folders.</source>
            <translation>未测量 {path} 的磁盘速度，因为检测会耗时过长。请减少文件夹后重新检测。</translation>
        </message>
        <message>
            <source>The disk speed of {path} was not measured, because the data came from a cache in memory and not from the disk, which would show a wrong speed. Choose a folder on another disk to measure that one.</source>
            <translation>未测量 {path} 的磁盘速度，因为数据来自内存缓存而不是磁盘，测得的速度会不准确。请选择其他磁盘上的文件夹来测量。</translation>
        </message>
        <message>
            <source>The disk speed of {path} was not measured, because the folder does not exist yet. Make it, then check again.</source>
            <translation>未测量 {path} 的磁盘速度，因为该文件夹尚不存在。请创建后重新检测。</translation>
        </message>
        <message>
            <source>The disk speed was not measured, because it is not known how to read past the cache of this system ({system}). Load times are estimates until then.</source>
            <translation>未测量磁盘速度，因为不知道在此系统（{system}）上如何绕过缓存读取。加载时间暂为估算值。</translation>
        </message>
        <message>
            <source>The disk that holds {path} is full. Free some space, then try again; nothing that was saved is lost.</source>
            <translation>{path} 所在的磁盘已满。请腾出一些空间后重试；已保存的内容没有丢失。</translation>
        </message>
        <message>
            <source>The disk that holds {path} is full. What was written so far is saved, in room that was kept for this. Free some space before you go on.</source>
            <translation>{path} 所在的磁盘已满。到目前为止写下的内容已保存在为此预留的空间里。请先腾出一些空间再继续。</translation>
        </message>
        <message>
            <source>The driver of {name} changed from {before} to {after}.</source>
            <translation>{name} 的驱动程序由 {before} 变为 {after}。</translation>
        </message>
        <message>
            <source>The engine already has {waiting} answers waiting. Try again when some of them have ended.</source>
            <translation>引擎已有 {waiting} 个回答在排队。请待其中一些结束后再试。</translation>
        </message>
        <message>
            <source>The engine could not be started ({reason}). Check that your folders can be written and try again; the log is {log}.</source>
            <translation>无法启动引擎（{reason}）。请检查您的文件夹是否可写，然后重试；日志在 {log}。</translation>
        </message>
        <message>
            <source>The engine could not be started ({reason}). Deskside's installation is incomplete; install it again.</source>
            <translation>引擎无法启动（{reason}）。Deskside 的安装不完整，请重新安装。</translation>
        </message>
        <message>
            <source>The engine crashed while running {model} (SIGSEGV, a fault in native code). Load the model again; if it happens again, choose another model and report it with the log {log}.</source>
            <translation>运行 {model} 时引擎崩溃（SIGSEGV，本机代码故障）。请重新加载模型；如果再次发生，请换用其他模型，并附上日志 {log} 向我们报告。</translation>
        </message>
        <message>
            <source>The engine crashed with the runtime {name} as it loaded or computed {model}, so the next best runtime takes its place. Update the driver of the graphics card and choose {name} again, or choose another runtime.</source>
            <translation>使用运行组件 {name} 加载或运行 {model} 时引擎崩溃，因此改用次优的运行组件。请更新显卡驱动程序后重新选择 {name}，或选择其他运行组件。</translation>
        </message>
        <message>
            <source>The engine did not answer within {seconds} seconds of its start. The machine may be overloaded; close other programs and try again. The log is {log}.</source>
            <translation>引擎启动后 {seconds} 秒内没有响应，机器可能过载。请关闭其他程序后重试。日志：{log}。</translation>
        </message>
        <message>
            <source>The engine did not answer within {seconds} seconds. The machine may be overloaded; close other programs and try again. The log is {log}.</source>
            <translation>引擎在 {seconds} 秒内没有响应。电脑可能负载过高；请关闭其他程序后重试。日志在 {log}。</translation>
        </message>
        <message>
            <source>The engine did not react to the cancelling, so it was ended. Load the model again to go on; the conversation is kept.</source>
            <translation>引擎没有响应取消操作，已被强制结束。重新加载模型即可继续；对话已保留。</translation>
        </message>
        <message>
            <source>The engine does not answer at the moment, so nothing can be computed. Try again in a few seconds; if it stays so, start the server again.</source>
            <translation>引擎目前没有响应，无法进行计算。请几秒后重试；如果一直如此，请重新启动服务器。</translation>
        </message>
        <message>
            <source>The engine ended twice while it was starting with {name}. Update the driver of the graphics card and choose it again, or choose another runtime.</source>
            <translation>引擎用 {name} 启动时两次意外结束。请更新显卡驱动程序后重新选择它，或选择另一个运行组件。</translation>
        </message>
        <message>
            <source>The engine ended unexpectedly while running {model} ({detail}). Load the model again to go on; the conversation is kept. The log is {log}.</source>
            <translation>运行 {model} 时引擎意外结束（{detail}）。重新加载模型即可继续；对话已保留。日志：{log}。</translation>
        </message>
        <message>
            <source>The engine ended while it was at work, and its models with it. Ask again to start it anew; the conversation is kept. The log is {log}.</source>
            <translation>引擎在工作时结束了，模型也随之关闭。再次提问即可重新启动；对话已保留。日志在 {log}。</translation>
        </message>
        <message>
            <source>The engine in {folder} has no part that runs on this processor ({processor}). Install a build of Deskside for this processor.</source>
            <translation>{folder} 中的引擎没有适用于此处理器（{processor}）的组件。请安装适用于此处理器的 Deskside 版本。</translation>
        </message>
        <message>
            <source>The engine is ending, so it takes no more work. Try again in a moment; it starts anew.</source>
            <translation>引擎正在结束，因此不再接受工作。请稍后再试，它会重新启动。</translation>
        </message>
        <message>
            <source>The engine said something that makes no sense ({detail}), so the connection was ended. Try again; the log is {log}.</source>
            <translation>引擎发来了无法理解的内容（{detail}），因此连接已断开。请重试；日志在 {log}。</translation>
        </message>
        <message>
            <source>The engine sent something that makes no sense ({detail}), so it was ended. Load the model again; the conversation is kept. The log is {log}.</source>
            <translation>引擎发来了无法理解的数据（{detail}），已被结束。请重新加载模型；对话已保留。日志：{log}。</translation>
        </message>
        <message>
            <source>The engine stood still in the middle of its work with {model}, so it was ended. What was written is kept; ask again. Details are in {log}.</source>
            <translation>引擎在运行 {model} 的过程中停滞不动，已被终止。已写出的内容已保留；请重新提问。详情见 {log}。</translation>
        </message>
        <message>
            <source>The engine that serves this machine's devices ended at once ({reason}). The log says more.</source>
            <translation>出借本机设备的引擎刚启动就退出了（{reason}）。详情见日志。</translation>
        </message>
        <message>
            <source>The engine was asked to end from outside (SIGTERM) while it ran {model}. Load the model again to go on; the conversation is kept.</source>
            <translation>运行 {model} 时引擎被外部要求结束（SIGTERM）。重新加载模型即可继续；对话已保留。</translation>
        </message>
        <message>
            <source>The engine was killed from outside (SIGKILL) while it ran {model}. If you did not do it, the system did, most likely for want of memory: close other programs, or choose a smaller model or context, and load it again. The conversation is kept.</source>
            <translation>运行 {model} 时引擎被外部强制终止（SIGKILL）。如果不是您所为，那就是系统所为，很可能是内存不足：请关闭其他程序，或选择更小的模型或更短的上下文，然后重新加载。对话已保留。</translation>
        </message>
        <message>
            <source>The engine's devices could not be listed ({reason}). Deskside goes on with the processor alone; check the graphics driver.</source>
            <translation>无法列出引擎可用的设备（{reason}）。Deskside 将只用处理器继续；请检查显卡驱动程序。</translation>
        </message>
        <message>
            <source>The engine's log {log} cannot be written ({reason}), so a failure of the engine will be harder to explain. Make the folder writable.</source>
            <translation>引擎日志 {log} 无法写入（{reason}），引擎出错时将更难查明原因。请使该文件夹可写。</translation>
        </message>
        <message>
            <source>The experts of {asked} layers are wanted beside the processor; those of {kept} fit there.</source>
            <translation>希望把 {asked} 层的专家放到处理器以外的设备上，其中只放得下 {kept} 层的专家。</translation>
        </message>
        <message>
            <source>The experts of {away} layers of {model} ({experts}) stay in main memory, because {free} of memory are free and {needed} were planned. Answers are slower; close programs that use the graphics card and load it again.</source>
            <translation>{model} 有 {away} 层的专家（{experts}）留在内存中，因为当前空闲内存为 {free}，而计划需要 {needed}。回答会慢一些；关闭占用显卡的程序后重新加载即可。</translation>
        </message>
        <message>
            <source>The experts of {kept} of its layers lie on {device} with everything else; those of the other {away} ({experts}) stay in main memory.</source>
            <translation>{kept} 层的专家与其余部分一起放在 {device} 上；另外 {away} 层的专家（{experts}）留在内存中。</translation>
        </message>
        <message>
            <source>The experts of {model} ({experts}) stay in main memory, because {free} of memory are free and {needed} were planned. Answers are slower; close programs that use the graphics card and load it again.</source>
            <translation>{model} 的专家权重（{experts}）留在内存中，因为当前空闲内存为 {free}，而计划需要 {needed}。回答会慢一些；关闭占用显卡的程序后重新加载。</translation>
        </message>
        <message>
            <source>The file is no image that can be read here. Save it as PNG, JPEG or GIF and try again.</source>
            <translation>这个文件不是这里能读取的图片。请另存为 PNG、JPEG 或 GIF 后再试。</translation>
        </message>
        <message>
            <source>The file name {name} from the hub is not safe to write to a disk: {reason}. Nothing was downloaded; choose another repository.</source>
            <translation>模型库给出的文件名 {name} 写入磁盘不安全：{reason}。未下载任何内容；请选择其他仓库。</translation>
        </message>
        <message>
            <source>The file of the API key {path} cannot be used ({reason}). Check the path and its permissions.</source>
            <translation>无法使用 API 密钥文件 {path}（{reason}）。请检查路径及其权限。</translation>
        </message>
        <message>
            <source>The file of trusted keys {path} cannot be used ({reason}). It holds one public key a line, in base64.</source>
            <translation>受信任密钥的文件 {path} 无法使用（{reason}）。该文件每行一个 base64 编码的公钥。</translation>
        </message>
        <message>
            <source>The file of {model} could not be read any more (SIGBUS): it was changed, cut short or its disk failed while in use. Check the disk, download the model again, then load it.</source>
            <translation>{model} 的文件无法继续读取（SIGBUS）：使用期间文件被更改、被截断或磁盘出现故障。请检查磁盘，重新下载模型后再加载。</translation>
        </message>
        <message>
            <source>The file takes {size} and the disk has {free} free. Free some space first, or choose another disk.</source>
            <translation>该文件需要 {size}，磁盘可用空间为 {free}。请先腾出一些空间，或选择其他磁盘。</translation>
        </message>
        <message>
            <source>The file {path} cannot be read as chats ({reason}). Choose the export as it was downloaded: a zip file, or conversations.json.</source>
            <translation>无法把文件 {path} 读作对话（{reason}）。请选择下载时的导出文件：zip 文件或 conversations.json。</translation>
        </message>
        <message>
            <source>The file {path} holds more than {most} of chats, which is more than is taken at once. Export them in smaller parts.</source>
            <translation>文件 {path} 中的对话超过 {most}，一次无法导入这么多。请分成较小的部分导出。</translation>
        </message>
        <message>
            <source>The file {path} holds no chats of Deskside or ChatGPT. Choose an export of one of these: a zip file, or its conversations.json.</source>
            <translation>文件 {path} 中没有 Deskside 或 ChatGPT 的对话。请选择其中之一的导出文件：zip 文件，或其中的 conversations.json。</translation>
        </message>
        <message>
            <source>The files of {name} are not there: {path}. Connect the disk that they lie on, or download the model again with `deskside pull`.</source>
            <translation>{name} 的文件不在原处：{path}。请接上存放它们的磁盘，或用 `deskside pull` 重新下载该模型。</translation>
        </message>
        <message>
            <source>The files {first} and {second} of this model would overwrite one another on some disks. Nothing was downloaded; choose another repository.</source>
            <translation>此模型的文件 {first} 与 {second} 在某些磁盘上会互相覆盖。未下载任何内容；请选择其他仓库。</translation>
        </message>
        <message>
            <source>The folder {path} cannot be looked through ({reason}). Check its path, and that you may read it.</source>
            <translation>无法查看文件夹 {path}（{reason}）。请检查路径，以及是否有读取权限。</translation>
        </message>
        <message>
            <source>The folder {path} was left out, because it cannot be read ({reason}). Check that you may read it.</source>
            <translation>已略过文件夹 {path}，因为无法读取（{reason}）。请检查是否有读取权限。</translation>
        </message>
        <message>
            <source>The graphics card sets the pace at about {speed} tokens a second.</source>
            <translation>显卡决定速度，每秒约 {speed} 个词元。</translation>
        </message>
        <message>
            <source>The guide asks for a disk of 5 GB/s. A fast disk shortens loading and helps models that do not fit in memory; it does not make a loaded model answer faster.</source>
            <translation>该教程要求磁盘达到 5 GB/s。快速磁盘可缩短加载时间，也有助于放不进内存的模型；但不会让已加载的模型回答得更快。</translation>
        </message>
        <message>
            <source>The guide gives 32 GB at 8 bits, 3.2 times faster for 2.3 % of quality. R1-0528 takes 664 GiB at Q8_0 (the 8B 8.1 GiB); Q8_0 answers 1.75 times as fast as 16 bits, reads prompts no faster, and loses next to nothing (perplexity +0.0026 of Llama-3-8B).</source>
            <translation>教程称 8 位量化占 32 GB，速度为 3.2 倍，质量损失 2.3%。实际上 R1-0528 的 Q8_0 占 664 GiB（8B 版占 8.1 GiB）；Q8_0 的回答速度是 16 位的 1.75 倍，读取提示词并不更快，质量几乎没有损失（Llama-3-8B 的困惑度 +0.0026）。</translation>
        </message>
        <message>
            <source>The guide has one A100 answer at 32 tokens a second. The smallest file does not fit on one; two of them answered at 9.4 with a 1-bit file.</source>
            <translation>教程称一张 A100 每秒可回答 32 个词元。但最小的文件也放不进一张卡；两张卡用 1 位文件实测为每秒 9.4 个词元。</translation>
        </message>
        <message>
            <source>The guide puts the FP8 weights on eight A100 with 80 GB. They take 666 GiB of 640, and an A100 cannot compute in FP8; Q4_K_M (377 GiB) fits.</source>
            <translation>该教程把 FP8 权重放在八张 80 GB 的 A100 上。权重需要 666 GiB，而显存只有 640 GiB，且 A100 不支持 FP8 计算；Q4_K_M（377 GiB）则放得下。</translation>
        </message>
        <message>
            <source>The guide reckons memory as two bytes a parameter and four a token. It is the sum of the file's tensors, and 70,272 bytes a token for R1-0528 (147,456 for its 8B distillation), and 2 to 4 GiB for computing.</source>
            <translation>教程按每个参数 2 字节、每个词元 4 字节计算内存。实际上是文件中所有张量之和，加上每个词元 70,272 字节（R1-0528；其 8B 蒸馏版为 147,456 字节），再加上计算所需的 2 到 4 GiB。</translation>
        </message>
        <message>
            <source>The guide says that a 7950X with 64 GB runs it. Its smallest file is {smallest}; what runs well on such a machine is DeepSeek-R1-0528-Qwen3-8B or a small mixture of experts.</source>
            <translation>该教程称 7950X 加 64 GB 内存即可运行。其最小的文件为 {smallest}；这类机器上运行流畅的是 DeepSeek-R1-0528-Qwen3-8B 或小型混合专家模型。</translation>
        </message>
        <message>
            <source>The guide says that an RTX 4090 with 128 GB runs it. Its smallest file is {smallest}, which leaves no room for the system; models of 14 to 32 billion parameters fit on such a card and are fast.</source>
            <translation>该教程称 RTX 4090 加 128 GB 内存即可运行。其最小的文件为 {smallest}，没有给系统留下空间；140 亿至 320 亿参数的模型可放入这样的显卡，而且很快。</translation>
        </message>
        <message>
            <source>The hardware file describes no machine that exists: {field} {reason}. Correct that field or leave it out.</source>
            <translation>硬件文件描述的机器不存在：{field} {reason}。请改正或删去该字段。</translation>
        </message>
        <message>
            <source>The hardware file has a field {field} that nothing is known about; the nearest known one is {nearest}. Correct it or leave it out.</source>
            <translation>硬件文件里有一个未知的字段 {field}；最接近的已知字段是 {nearest}。请改正或删去它。</translation>
        </message>
        <message>
            <source>The hardware file says {value} for {field}, which is not known; the nearest known one is {nearest}. Correct it or leave it out.</source>
            <translation>硬件文件中 {field} 的值 {value} 不是已知的值；最接近的是 {nearest}。请改正或删去它。</translation>
        </message>
        <message>
            <source>The hardware file {path} cannot be read ({reason}). Write it as docs/cli.md shows, or save what deskside check --json prints.</source>
            <translation>无法读取硬件文件 {path}（{reason}）。请按 docs/cli.md 的格式编写，或保存 deskside check --json 的输出。</translation>
        </message>
        <message>
            <source>The hardware report cannot be used: {field} {reason}. Make a new one with deskside check, or correct that field.</source>
            <translation>硬件报告无法使用：{field} {reason}。请用 deskside check 生成新的报告，或更正该字段。</translation>
        </message>
        <message>
            <source>The hardware report {path} cannot be read ({reason}). Make a new one with deskside check.</source>
            <translation>硬件报告 {path} 无法读取（{reason}）。请用 deskside check 生成新的报告。</translation>
        </message>
        <message>
            <source>The header of the model at {address} could not be read ({reason}). Check the address and the network connection, and that it leads to a GGUF file.</source>
            <translation>无法读取位于 {address} 的模型的文件头（{reason}）。请检查该地址和网络连接，并确认它指向一个 GGUF 文件。</translation>
        </message>
        <message>
            <source>The history of answers cannot be used ({reason}). Answers are not affected; delete history.sqlite3 in the state folder to begin a new one.</source>
            <translation>无法使用回答的历史记录（{reason}）。回答不受影响；删除状态文件夹中的 history.sqlite3 即可重新开始记录。</translation>
        </message>
        <message>
            <source>The hub could not be reached, so this download is verified against the checksums of {endpoint} only.</source>
            <translation>无法连接模型库，因此本次下载仅按 {endpoint} 提供的校验和进行验证。</translation>
        </message>
        <message>
            <source>The image becomes {tokens} tokens, and this model can read at most {most} of one image with its present settings. Make it smaller, or free memory and load the model again.</source>
            <translation>这张图片会变成 {tokens} 个词元，而该模型在当前设置下最多能读取一张图片的 {most} 个。请把它缩小，或腾出内存后重新加载模型。</translation>
        </message>
        <message>
            <source>The image has {width} x {height} pixels, and images of up to {most} million pixels are taken. Make it smaller and try again.</source>
            <translation>图片有 {width} × {height} 像素，最多接受 {most} 百万像素。请把它缩小后再试。</translation>
        </message>
        <message>
            <source>The image is damaged ({reason}). Save it again as PNG or JPEG and try again.</source>
            <translation>图片已损坏（{reason}）。请重新另存为 PNG 或 JPEG 后再试。</translation>
        </message>
        <message>
            <source>The image is {size} MiB large, and images of up to {most} MiB are taken. Make it smaller and try again.</source>
            <translation>图片大小为 {size} MiB，最多接受 {most} MiB。请把它缩小后再试。</translation>
        </message>
        <message>
            <source>The installer is verified and lies in {path}. Close Deskside, then install it: open it with the software centre, or run sudo apt install with that path.</source>
            <translation>安装程序已核实，位于 {path}。请关闭 Deskside，然后安装：用软件中心打开它，或对该路径运行 sudo apt install。</translation>
        </message>
        <message>
            <source>The installer is verified and lies in {path}. Close Deskside, then start it with a double click; settings and conversations stay.</source>
            <translation>安装程序已核实，位于 {path}。请关闭 Deskside，然后双击启动安装；设置和对话会保留。</translation>
        </message>
        <message>
            <source>The installer {path} is not what was verified any more, so it was deleted. Fetch it again.</source>
            <translation>安装程序 {path} 已不是核实过的那个文件，因此已将其删除。请重新获取。</translation>
        </message>
        <message>
            <source>The kernel's topology lists {topology} physical cores, the processor's own description {described}. Plans use the first figure.</source>
            <translation>内核拓扑列出 {topology} 个物理核心，处理器自述为 {described} 个。规划采用前者。</translation>
        </message>
        <message>
            <source>The key for {host} cannot be used: {reason}. Copy it again from where it was given to you.</source>
            <translation>{host} 的密钥无法使用：{reason}。请从提供密钥的地方重新复制。</translation>
        </message>
        <message>
            <source>The key for {host} travels without encryption, because its address begins with http://. Everyone on the way can read it: use https:// where the endpoint offers it.</source>
            <translation>{host} 的地址以 http:// 开头，密钥会以明文传输，途中的任何人都能看到。如果端点支持，请改用 https://。</translation>
        </message>
        <message>
            <source>The list of models in {path} could not be read ({reason}). Install Deskside again to restore it.</source>
            <translation>{path} 中的模型列表无法读取（{reason}）。请重新安装 Deskside 以恢复。</translation>
        </message>
        <message>
            <source>The list of models is from {date}, so newer ones are missing from this advice. Update Deskside, or search the hub for a newer model and look at its plan.</source>
            <translation>模型目录的日期是 {date}，因此这些建议没有考虑更新的模型。请更新 Deskside，或在模型库中搜索新模型并查看它的方案。</translation>
        </message>
        <message>
            <source>The list of new versions is not signed by a key that is trusted here, or did not arrive whole, so nothing of it was used. This version goes on; look at the page where Deskside is published before you install anything.</source>
            <translation>新版本清单没有本机信任的密钥签名，或没有完整到达，因此其中的任何内容都没有被使用。当前版本照常使用；安装任何东西之前，请先查看 Deskside 的发布页面。</translation>
        </message>
        <message>
            <source>The list of new versions is older than the one that was there before, so nothing of it was used. This version goes on; if that stays, look at the page where Deskside is published.</source>
            <translation>新版本清单比之前收到的还旧，因此其中的任何内容都没有被使用。当前版本照常使用；如果一直如此，请查看 Deskside 的发布页面。</translation>
        </message>
        <message>
            <source>The list of new versions is signed, but makes no sense to this version ({reason}). This version goes on; look for a new one where you got Deskside from.</source>
            <translation>新版本清单已签名，但此版本无法理解其内容（{reason}）。当前版本照常使用；请到您获取 Deskside 的地方查看是否有新版本。</translation>
        </message>
        <message>
            <source>The list of prices makes so many machines that those with cards of two kinds were left out. Leave out parts, and they are compared too.</source>
            <translation>价格表能组成的机器太多，因此没有比较混用两种显卡的机器。删去一些部件后，它们也会参与比较。</translation>
        </message>
        <message>
            <source>The list of runtimes at {place} cannot be read ({reason}). Check the address and the connection, or give the folder that holds manifest.json.</source>
            <translation>无法读取 {place} 处的运行组件清单（{reason}）。请检查地址和网络连接，或指定含有 manifest.json 的文件夹。</translation>
        </message>
        <message>
            <source>The list of runtimes is not signed by a key that is trusted here, so nothing of it was used. Get it from where Deskside is published, or add the key of whoever made it to runtime-keys.txt in the settings folder.</source>
            <translation>运行组件清单没有本机信任的密钥签名，因此其中的任何内容都没有被使用。请从 Deskside 的发布处获取清单，或把制作者的密钥加入设置文件夹中的 runtime-keys.txt。</translation>
        </message>
        <message>
            <source>The list of runtimes is signed, but makes no sense to this version ({reason}). Update Deskside, or get another list.</source>
            <translation>运行组件清单已签名，但此版本无法理解其内容（{reason}）。请更新 Deskside，或获取另一份清单。</translation>
        </message>
        <message>
            <source>The machine at {address} computes for somebody else at the moment. Try again when that has ended.</source>
            <translation>{address} 上的机器正在为别人计算。请等它结束后再试。</translation>
        </message>
        <message>
            <source>The machine at {address} has another pairing key. Copy the key that `deskside worker` shows there, and add the machine again.</source>
            <translation>{address} 上的机器使用另一个配对密钥。请复制那台机器上 `deskside worker` 显示的密钥，然后重新添加。</translation>
        </message>
        <message>
            <source>The machine at {address} is added already. Remove it first to add it with another key.</source>
            <translation>{address} 上的机器已经添加过了。如要换用另一个密钥，请先移除它。</translation>
        </message>
        <message>
            <source>The machine at {address} runs another version of Deskside or of its engine. Install the same version on both machines.</source>
            <translation>{address} 上的机器运行的 Deskside 或引擎版本不同。请在两台机器上安装相同的版本。</translation>
        </message>
        <message>
            <source>The machine at {address} was reached, but it does not answer in time. Look whether it hangs, or start `deskside worker` there again.</source>
            <translation>连上了 {address} 上的机器，但它没有及时应答。请检查它是否卡住，或在那里重新启动 `deskside worker`。</translation>
        </message>
        <message>
            <source>The machine has {total} of memory according to the kernel and {modules} according to its firmware. Plans use the first figure; what lies between is reserved by devices or switched off.</source>
            <translation>内核报告这台机器有 {total} 内存，固件报告为 {modules}。规划使用前一个数值；两者之差被设备保留或已停用。</translation>
        </message>
        <message>
            <source>The machine was busy during the check, so measured figures may be too low. Check again when it is quiet.</source>
            <translation>检测期间机器较忙，实测数值可能偏低。请在空闲时重新检测。</translation>
        </message>
        <message>
            <source>The memory changed from {before} to {after}.</source>
            <translation>内存由 {before} 变为 {after}。</translation>
        </message>
        <message>
            <source>The memory of {name} changed from {before} to {after}.</source>
            <translation>{name} 的显存由 {before} 变为 {after}。</translation>
        </message>
        <message>
            <source>The memory of {name} is {told} according to {probe} and {otherwise} according to {other}. Plans use the smaller figure of what is free.</source>
            <translation>{name} 的显存，{probe} 报告为 {told}，{other} 报告为 {otherwise}。规划使用较小的可用数值。</translation>
        </message>
        <message>
            <source>The message has {images} images and {places} places for them. Send every image at its own place.</source>
            <translation>消息里有 {images} 张图片和 {places} 个图片位置。请让每张图片各占一个位置。</translation>
        </message>
        <message>
            <source>The model cannot be loaded with the KV type {value}. Choose one of {known}.</source>
            <translation>无法以 KV 类型 {value} 加载模型。请从 {known} 中选择。</translation>
        </message>
        <message>
            <source>The model cannot be loaded with {name} = {value}. Choose a value between {low} and {high}.</source>
            <translation>无法以 {name} = {value} 加载模型。请选择 {low} 到 {high} 之间的值。</translation>
        </message>
        <message>
            <source>The model cannot be moved to {path}. Choose another folder, by its whole path.</source>
            <translation>无法将模型移到 {path}。请选择另一个文件夹，并给出完整路径。</translation>
        </message>
        <message>
            <source>The model could not be measured, because the engine stopped ({reason}). It is loaded as before; the log says more.</source>
            <translation>无法测量该模型，因为引擎已停止（{reason}）。模型仍按原来的方式加载；详情见日志。</translation>
        </message>
        <message>
            <source>The model could not read the image ({reason}). Save it again as PNG or JPEG and try again.</source>
            <translation>模型无法读取这张图片（{reason}）。请重新另存为 PNG 或 JPEG 后再试。</translation>
        </message>
        <message>
            <source>The model file of {model} is incomplete or damaged ({reason}). Download it again.</source>
            <translation>{model} 的模型文件不完整或已损坏（{reason}）。请重新下载。</translation>
        </message>
        <message>
            <source>The model file {path} cannot be read ({reason}). Check its permissions and the disk it is on.</source>
            <translation>模型文件 {path} 无法读取（{reason}）。请检查其权限和所在磁盘。</translation>
        </message>
        <message>
            <source>The model file {path} cannot be read ({reason}). Check that it exists and that you may read it.</source>
            <translation>模型文件 {path} 无法读取（{reason}）。请确认文件存在且您有读取权限。</translation>
        </message>
        <message>
            <source>The model file {path} cannot be read ({reason}). Check that you may read it.</source>
            <translation>模型文件 {path} 无法读取（{reason}）。请确认您有读取权限。</translation>
        </message>
        <message>
            <source>The model file {path} is damaged ({reason}). Download it again.</source>
            <translation>模型文件 {path} 已损坏（{reason}）。请重新下载。</translation>
        </message>
        <message>
            <source>The new AppImage is verified and lies in {path}. Close Deskside, put the file in the place of the old one, and start it.</source>
            <translation>新的 AppImage 已核实，位于 {path}。请关闭 Deskside，用它替换旧文件，然后启动。</translation>
        </message>
        <message>
            <source>The node {endpoint} does not answer ({reason}). It may be off, or busy with another model. Start it again, or load the model without it.</source>
            <translation>节点 {endpoint} 没有应答（{reason}）。它可能已关闭，或正忙于另一个模型。请重新启动它，或在没有它的情况下加载模型。</translation>
        </message>
        <message>
            <source>The node {endpoint} is not an address on this machine. Nodes are reached through Deskside's own encrypted connection only; add the other machine there.</source>
            <translation>节点 {endpoint} 不是本机上的地址。节点只能通过 Deskside 自己的加密连接访问；请在那里添加另一台机器。</translation>
        </message>
        <message>
            <source>The node {endpoint} speaks another version of the engine's protocol ({version} in place of {ours}). Install the same version of Deskside on both machines.</source>
            <translation>节点 {endpoint} 使用的引擎协议版本不同（{version}，而不是 {ours}）。请在两台机器上安装相同版本的 Deskside。</translation>
        </message>
        <message>
            <source>The option {option} does not go together with this question: prices belong to --budget and --what-if, energy to --budget (--watts with --hardware), models and speeds to neither. Leave it out, or add what it belongs to.</source>
            <translation>选项 {option} 与这个问题不能同时使用：价格属于 --budget 和 --what-if，能耗属于 --budget（--watts 需与 --hardware 一起），模型和速度与两者都无关。请去掉它，或加上它所属的选项。</translation>
        </message>
        <message>
            <source>The parameters of the tool {name} are no JSON schema ({reason}). Correct them and ask again.</source>
            <translation>工具 {name} 的参数不是 JSON schema（{reason}）。请改正后重试。</translation>
        </message>
        <message>
            <source>The password of the proxy stands readable in {path}, because this system has no keyring that can be used ({reason}). Unlock or install a keyring and start Deskside again: then it is moved there.</source>
            <translation>代理的密码以明文存放在 {path} 中，因为本系统没有可用的密钥环（{reason}）。请解锁或安装密钥环后重新启动 Deskside，密码随后会移到那里。</translation>
        </message>
        <message>
            <source>The price list cannot be used: {field} {reason}. Correct that field or leave its part out.</source>
            <translation>价格表无法使用：{field} {reason}。请改正该字段，或去掉这个部件。</translation>
        </message>
        <message>
            <source>The price list makes {count} machines, and at most {most} are compared. Leave out parts, or say fewer slots.</source>
            <translation>价格表可组成 {count} 台机器，而最多只比较 {most} 台。请去掉一些部件，或减少插槽数。</translation>
        </message>
        <message>
            <source>The price list {path} cannot be read ({reason}). Write it as docs/cli.md shows.</source>
            <translation>无法读取价格表 {path}（{reason}）。请按 docs/cli.md 中的格式编写。</translation>
        </message>
        <message>
            <source>The price of {part} is from {date} and may have moved since. Say what it costs today.</source>
            <translation>{part} 的价格来自 {date}，可能已经变动。请填写现在的价格。</translation>
        </message>
        <message>
            <source>The processor changed: {before} before, {after} now.</source>
            <translation>处理器已更换：之前为 {before}，现在为 {after}。</translation>
        </message>
        <message>
            <source>The processor here ({processor}) has {most} memory channels, so {then} cannot hold modules. Say {most} at most, or ask what another processor would bring.</source>
            <translation>这里的处理器（{processor}）有 {most} 个内存通道，{then} 个通道装不上内存条。最多写 {most}，或者问问换一个处理器会带来什么。</translation>
        </message>
        <message>
            <source>The processor sets the pace at about {speed} tokens a second with {threads} threads; more or faster cores would change that.</source>
            <translation>处理器决定速度，以 {threads} 个线程每秒约 {speed} 个词元；更多或更快的核心可以改善。</translation>
        </message>
        <message>
            <source>The projector {name} belongs to another model, so this one reads text only. Download the one from the model's own repository.</source>
            <translation>投影文件 {name} 属于另一个模型，所以这个模型只能读文字。请从模型自己的仓库下载对应的那一个。</translation>
        </message>
        <message>
            <source>The projector {name} cannot be used ({reason}), so the model reads text only. Download it again, from the model's own repository.</source>
            <translation>投影文件 {name} 无法使用（{reason}），所以模型只能读文字。请从模型自己的仓库重新下载它。</translation>
        </message>
        <message>
            <source>The proxy on the way to {host} does not let Deskside through: {reason}. Check the proxy that is set for this machine.</source>
            <translation>通往 {host} 的代理未放行 Deskside：{reason}。请检查本机的代理设置。</translation>
        </message>
        <message>
            <source>The publisher of {repository} gives it only to people who accepted its terms. Accept them on its page, then put a token of your account into the variable HF_TOKEN and try again.</source>
            <translation>{repository} 的发布者只向接受其条款的用户提供。请在其页面上接受条款，把您账号的令牌放入环境变量 HF_TOKEN 后重试。</translation>
        </message>
        <message>
            <source>The publisher of {repository} gives it only to people who accepted its terms. Accept them on its page, then put a token of your account into the variable HF_TOKEN and try again; what arrived is kept.</source>
            <translation>{repository} 的发布者只向接受其条款的用户提供。请在其页面上接受条款，把您账号的令牌放入环境变量 HF_TOKEN 后重试；已下载的部分会保留。</translation>
        </message>
        <message>
            <source>The report {path} cannot be written ({reason}). Name another place for it.</source>
            <translation>报告 {path} 无法写入（{reason}）。请为它指定另一个位置。</translation>
        </message>
        <message>
            <source>The request cannot be sent, because {name} is not a JSON object ({reason}). Correct it and ask again.</source>
            <translation>请求无法发送，因为 {name} 不是 JSON 对象（{reason}）。请更正后重新提问。</translation>
        </message>
        <message>
            <source>The request is larger than {limit}, which is more than the engine takes. Shorten it.</source>
            <translation>请求大于 {limit}，超出了引擎能接受的大小。请缩短后重试。</translation>
        </message>
        <message>
            <source>The request is larger than {limit}, which is the most that is taken. Send less at once.</source>
            <translation>请求大于 {limit}，超过了上限。请减少一次发送的内容。</translation>
        </message>
        <message>
            <source>The request was sent to the host {host}, which is not a name of this server. Use the address that the server printed, or start it with --allow-host NAME.</source>
            <translation>请求发往主机 {host}，但这不是本服务器的名称。请使用服务器显示的地址，或用 --allow-host NAME 启动它。</translation>
        </message>
        <message>
            <source>The runtime pack {name} cannot be unpacked: {reason}. Nothing was changed; fetch it again.</source>
            <translation>运行组件包 {name} 无法解包：{reason}。没有任何改动；请重新获取。</translation>
        </message>
        <message>
            <source>The runtime {name} cannot be changed or removed now ({reason}). Unload all models, then try again.</source>
            <translation>运行组件 {name} 现在无法更改或移除（{reason}）。请先卸载所有模型，然后重试。</translation>
        </message>
        <message>
            <source>The runtime {name} failed its trial ({reason}), so it was not taken, and everything is as it was.</source>
            <translation>运行组件 {name} 没有通过试运行（{reason}），因此没有采用，一切保持原样。</translation>
        </message>
        <message>
            <source>The runtime {name} needs version {needed} of the graphics card's driver, and {have} is installed, so it was not fetched. Update the driver and try again.</source>
            <translation>运行组件 {name} 需要 {needed} 版的显卡驱动程序，而已安装的是 {have}，因此没有获取它。请更新驱动程序后重试。</translation>
        </message>
        <message>
            <source>The runtime {name} starts, but finds no device that it can compute on, so it was not taken. Install the driver of the graphics card and try again.</source>
            <translation>运行组件 {name} 能够启动，但找不到可用于计算的设备，因此没有采用。请安装显卡驱动程序后重试。</translation>
        </message>
        <message>
            <source>The runtime's part {name} cannot be loaded ({reason}). Install what is missing, the driver of the graphics card say, or choose another runtime.</source>
            <translation>运行组件的部分 {name} 无法加载（{reason}）。请安装缺少的内容，例如显卡驱动程序，或选择另一个运行组件。</translation>
        </message>
        <message>
            <source>The schema of the tool {name} was to be kept to strictly, and {keywords} in it cannot be kept to while a call is written. Leave that out of the schema, or give the tool without strict.</source>
            <translation>要求严格遵守工具 {name} 的 schema，但其中的 {keywords} 无法在生成调用时保证。请从 schema 中去掉它，或不为该工具使用 strict。</translation>
        </message>
        <message>
            <source>The server does not give out {address} (HTTP {status}), or answers with a page in its place. Check the address with a browser, then try again.</source>
            <translation>服务器没有提供 {address}（HTTP {status}），或返回了其他页面。请用浏览器检查该地址，然后重试。</translation>
        </message>
        <message>
            <source>The server is closing, so it takes no more requests and ends its answers. Start it again with `deskside serve`.</source>
            <translation>服务器正在关闭，不再接受请求，并结束正在进行的回答。请用 `deskside serve` 重新启动。</translation>
        </message>
        <message>
            <source>The settings in {path} could not be read ({reason}). They were put aside as {aside}, and Deskside starts with the defaults.</source>
            <translation>{path} 中的设置无法读取（{reason}）。原文件已另存为 {aside}，Deskside 将以默认设置启动。</translation>
        </message>
        <message>
            <source>The source gives no size and SHA-256 checksum for {name}, so it could not be verified. Nothing was downloaded; choose another repository or endpoint.</source>
            <translation>来源没有给出 {name} 的大小和 SHA-256 校验和，无法验证。未下载任何内容；请选择其他仓库或站点。</translation>
        </message>
        <message>
            <source>The speed of this machine's processor could not be measured, because the engine stopped ({reason}). Predictions stay as wide as before; the log says more.</source>
            <translation>无法测量本机处理器的速度，因为引擎中途停止（{reason}）。预测范围保持原来的宽度；详情见日志。</translation>
        </message>
        <message>
            <source>The speed of {path} was not measured, because it is kept in memory ({filesystem}), not on a disk. Choose a folder on a disk for models.</source>
            <translation>未测量 {path} 的速度，因为它位于内存中（{filesystem}）而不是磁盘上。请为模型选择磁盘上的文件夹。</translation>
        </message>
        <message>
            <source>The system could not be asked for its graphics cards ({reason}). Those that the engine lists are shown; check again, and update the graphics driver if it stays.</source>
            <translation>无法向系统查询显卡（{reason}）。这里显示引擎列出的显卡；请重新检测，若仍如此，请更新显卡驱动程序。</translation>
        </message>
        <message>
            <source>The system ended the engine because memory ran out while it ran {model}. Close other programs, or choose a smaller model or a shorter context, and load it again. The conversation is kept.</source>
            <translation>运行 {model} 时内存耗尽，系统终止了引擎。请关闭其他程序，或选择更小的模型或更短的上下文，然后重新加载。对话已保留。</translation>
        </message>
        <message>
            <source>The text of {name} could not be read ({reason}). Save it again as a PDF, or copy the text that matters.</source>
            <translation>无法读取 {name} 的文字（{reason}）。请重新存为 PDF，或复制需要的文字。</translation>
        </message>
        <message>
            <source>The window cannot be shown, because a library of the system is missing ({reason}). Install it with the system's package manager; until then `deskside terminal` does the same job.</source>
            <translation>无法显示窗口，因为缺少一个系统库（{reason}）。请用系统的软件包管理器安装；在此之前，`deskside terminal` 可以完成同样的工作。</translation>
        </message>
        <message>
            <source>The {kind} for the answer cannot be followed ({reason}). Correct it, or ask without it.</source>
            <translation>无法按要求的 {kind} 生成回答（{reason}）。请改正，或不使用它再次提问。</translation>
        </message>
        <message>
            <source>There are no chats to export. Name those that are in the list of deskside chats list.</source>
            <translation>没有可导出的对话。请指定 deskside chats list 所列出的对话。</translation>
        </message>
        <message>
            <source>There is no conversation number {id} in the chat database. It may have been removed by another program; choose another one.</source>
            <translation>对话数据库中没有编号为 {id} 的对话，可能已被其他程序删除。请选择其他对话。</translation>
        </message>
        <message>
            <source>There is no copy of the chat database {path} that could be used in its place. Copy the file to a safe place before you try to repair it with other tools.</source>
            <translation>对话数据库 {path} 没有可以替代它的副本。在用其他工具修复之前，请先把该文件复制到安全的地方。</translation>
        </message>
        <message>
            <source>There is no display, so no window can be shown. Deskside goes on in this terminal.</source>
            <translation>没有显示设备，无法显示窗口。Deskside 将在此终端中继续。</translation>
        </message>
        <message>
            <source>There is no embedding model on this machine, and default means one here. Download one with `deskside pull`, or name a model: those that chat make embeddings too, though less good ones.</source>
            <translation>这台机器上没有嵌入模型，而这里的 default 指的正是嵌入模型。请用 `deskside pull` 下载一个，或指定模型名称：对话模型也能生成嵌入向量，但效果较差。</translation>
        </message>
        <message>
            <source>There is no figure called {key} to correct. Choose one of: {known}.</source>
            <translation>没有名为 {key} 的数值可更正。请从以下选择：{known}。</translation>
        </message>
        <message>
            <source>There is no file {path}. It was moved or deleted: choose another model, or download it again.</source>
            <translation>文件 {path} 不存在，可能已被移动或删除。请选择其他模型，或重新下载。</translation>
        </message>
        <message>
            <source>There is no machine called {host} ({reason}). Check the address and the network connection.</source>
            <translation>找不到名为 {host} 的主机（{reason}）。请检查地址和网络连接。</translation>
        </message>
        <message>
            <source>There is no message number {id} in this conversation any more. Open the conversation again.</source>
            <translation>此对话中已没有编号为 {id} 的消息。请重新打开对话。</translation>
        </message>
        <message>
            <source>There is no model called {name} in the catalogue. Nearest: {nearest}. `deskside plan` without a name lists those that suit this machine.</source>
            <translation>目录中没有名为 {name} 的模型。最接近的有：{nearest}。不带名称运行 `deskside plan` 会列出适合这台机器的模型。</translation>
        </message>
        <message>
            <source>There is no model file {path}. Check the path, or download the model again.</source>
            <translation>模型文件 {path} 不存在。请检查路径，或重新下载模型。</translation>
        </message>
        <message>
            <source>There is no model {model} on this machine. There are: {choices}, and default for the one in use. Name one of these, or download it with `deskside pull`.</source>
            <translation>本机没有模型 {model}。可用的有：{choices}，以及表示当前模型的 default。请使用其中之一，或用 `deskside pull` 下载。</translation>
        </message>
        <message>
            <source>There is no model {repository} on {endpoint}, or it is private. Check its name for typing errors; for a private one put a token of your account into the variable HF_TOKEN.</source>
            <translation>{endpoint} 上没有模型 {repository}，或者它是私有的。请检查名称是否有误；若为私有模型，请把您账号的令牌放入环境变量 HF_TOKEN。</translation>
        </message>
        <message>
            <source>There is no model {text} on this machine. There are: {choices}. Name one of these, give the path of a GGUF file, or download it with `deskside pull`.</source>
            <translation>本机没有模型 {text}。现有：{choices}。请指定其中之一，给出 GGUF 文件的路径，或用 `deskside pull` 下载。</translation>
        </message>
        <message>
            <source>There is no question to answer, because the prompt is empty. Give one with -p TEXT, or on standard input.</source>
            <translation>没有要回答的问题，因为提示词为空。请用 -p TEXT 或通过标准输入给出问题。</translation>
        </message>
        <message>
            <source>There is no room for this model in {folder} yet: with those before it in the queue it needs {needed}, {free} are free, and {floor} stay free. Free some space or choose another folder; it goes on by itself.</source>
            <translation>{folder} 暂时放不下这个模型：连同队列中排在它前面的，共需 {needed}，而可用空间为 {free}，其中 {floor} 要保留。请腾出空间或选择其他文件夹；之后会自动继续。</translation>
        </message>
        <message>
            <source>There is no runtime {name} for this machine and this version ({abi}) at {place}. It has: {known}.</source>
            <translation>{place} 处没有适合这台电脑和此版本（{abi}）的运行组件 {name}。那里有：{known}。</translation>
        </message>
        <message>
            <source>There is no runtime {name} here. There are: {known}.</source>
            <translation>这里没有运行组件 {name}。已有：{known}。</translation>
        </message>
        <message>
            <source>There is no text in {name}, so there is nothing for a model to read. Scanned pages have to be made into text first.</source>
            <translation>{name} 中没有文字，模型没有内容可读。扫描的页面需要先转成文字。</translation>
        </message>
        <message>
            <source>There is not enough memory for {model} ({reason}). Close other programs, or choose a shorter context, a smaller KV type or a smaller model.</source>
            <translation>内存不足以运行 {model}（{reason}）。请关闭其他程序，或选择更短的上下文、更小的 KV 类型或更小的模型。</translation>
        </message>
        <message>
            <source>There is not enough room for this model in {folder}: {needed} are needed and {free} are free. Free some space, choose a smaller quantization or another folder; nothing was downloaded.</source>
            <translation>{folder} 的空间不足以存放此模型：需要 {needed}，可用 {free}。请腾出一些空间，或选择更小的量化或其他文件夹；未下载任何内容。</translation>
        </message>
        <message>
            <source>There is not enough room in {folder}: {needed} are needed and {free} are free. Free some space or choose another folder; nothing was moved.</source>
            <translation>{folder} 空间不足：需要 {needed}，可用 {free}。请腾出空间或选择其他文件夹；没有移动任何内容。</translation>
        </message>
        <message>
            <source>There is nothing at {path}. This server has: {paths}.</source>
            <translation>{path} 处没有内容。本服务器提供：{paths}。</translation>
        </message>
        <message>
            <source>There is nothing called {key} in the trash any more. It was restored, or deleted for good.</source>
            <translation>回收站里已经没有 {key}。它已被恢复，或已永久删除。</translation>
        </message>
        <message>
            <source>There is nothing to answer: the conversation has no text. Write a message.</source>
            <translation>没有可回答的内容：对话中没有文字。请写一条消息。</translation>
        </message>
        <message>
            <source>There is nothing to embed. Give one text at least.</source>
            <translation>没有可生成嵌入向量的文本。请至少提供一段文本。</translation>
        </message>
        <message>
            <source>There is room on the disk again: what could not be saved before is saved now.</source>
            <translation>磁盘又有空间了：之前未能保存的内容现在已保存。</translation>
        </message>
        <message>
            <source>There is too little free memory to decode the image, which takes {needed} MiB. Close other programs, or make the image smaller.</source>
            <translation>空闲内存太少，无法解码这张图片（需要 {needed} MiB）。请关闭其他程序，或把图片缩小。</translation>
        </message>
        <message>
            <source>This computer could not be lent ({reason}). Choose another port if that one is taken; details are in {log}.</source>
            <translation>无法借出这台电脑（{reason}）。如果端口已被占用，请换一个端口；详情见 {log}。</translation>
        </message>
        <message>
            <source>This computer is not lent any more: that has ended by itself ({reason}). Switch it on again; details are in {log}.</source>
            <translation>这台电脑已不再借出：出借已自行结束（{reason}）。请重新开启；详情见 {log}。</translation>
        </message>
        <message>
            <source>This file is an addition to a model ({kind}), not a language model that can be talked to. Choose the model's own file.</source>
            <translation>此文件是模型的附加部件（{kind}），不是可以对话的语言模型。请选择模型本身的文件。</translation>
        </message>
        <message>
            <source>This file is one of {count} parts of a model, but its name does not lead to the others ({parts} found). Give all parts the names that they were published with (...-00001-of-00002.gguf), in one folder, and choose any of them.</source>
            <translation>这个文件是一个模型 {count} 个分片之一，但按它的名字找不到其余分片（只找到 {parts} 个）。请让所有分片保留发布时的名字（...-00001-of-00002.gguf），放在同一个文件夹里，再选择其中任意一个。</translation>
        </message>
        <message>
            <source>This installation came without its starter model. Download a model with `deskside pull`, or install Deskside again.</source>
            <translation>此安装没有附带入门模型。请用 `deskside pull` 下载模型，或重新安装 Deskside。</translation>
        </message>
        <message>
            <source>This is Linux inside Windows (WSL), which was given {total} of memory. To give it more, set memory= in the file .wslconfig of your Windows user folder, then run wsl --shutdown.</source>
            <translation>当前是 Windows 中的 Linux（WSL），分配到 {total} 内存。如需更多，请在 Windows 用户文件夹的 .wslconfig 文件中设置 memory=，然后运行 wsl --shutdown。</translation>
        </message>
        <message>
            <source>This is no pairing key. It is shown by `deskside worker` on the other machine: six groups of letters and digits; copy all of it.</source>
            <translation>这不是配对密钥。密钥由另一台机器上的 `deskside worker` 显示，共六组字母和数字；请完整复制。</translation>
        </message>
        <message>
            <source>This is not a GGUF model file: it does not begin with the letters GGUF. Choose a file that ends in .gguf, or download the model again.</source>
            <translation>这不是 GGUF 模型文件：它不以字母 GGUF 开头。请选择以 .gguf 结尾的文件，或重新下载模型。</translation>
        </message>
        <message>
            <source>This machine is built like a notebook, so nothing that fits in would change that: a smaller model, or another machine, would.</source>
            <translation>这台机器的结构与笔记本电脑相同，能装进去的部件都改变不了这一点：换更小的模型或换一台机器才有改变。</translation>
        </message>
        <message>
            <source>This machine is built like a notebook: its processor is soldered, and there is no slot for a card. More memory may fit in; else compare whole machines with a budget.</source>
            <translation>这台机器的结构与笔记本电脑相同：处理器是焊死的，也没有显卡插槽。也许可以加内存；否则请按预算比较整机。</translation>
        </message>
        <message>
            <source>This machine was not checked yet, so nothing can be planned for it. Check it first.</source>
            <translation>尚未检测本机，因此无法为它做规划。请先检测。</translation>
        </message>
        <message>
            <source>This model file does not say what is needed to plan with it ({key} is missing), so it may be damaged or of an unknown kind. Download it again, or choose another model.</source>
            <translation>此模型文件缺少规划所需的信息（缺少 {key}），可能已损坏或属于未知类型。请重新下载，或选择其他模型。</translation>
        </message>
        <message>
            <source>This model file ends in the middle of its header, so its download was probably cut short. Download it again.</source>
            <translation>此模型文件在文件头中间就结束了，下载很可能被中断。请重新下载。</translation>
        </message>
        <message>
            <source>This model file has GGUF version {version}, and only versions 2 and 3 can be read. Download a newer file of the model, or update Deskside.</source>
            <translation>此模型文件为第 {version} 版 GGUF，而只能读取第 2 和第 3 版。请下载较新的模型文件，或更新 Deskside。</translation>
        </message>
        <message>
            <source>This model file is damaged: {detail}. Download it again, from a source that you trust.</source>
            <translation>此模型文件已损坏：{detail}。请从可信来源重新下载。</translation>
        </message>
        <message>
            <source>This model file is incomplete: it has {size} bytes and needs at least {needed}. Its download was probably cut short; download it again.</source>
            <translation>此模型文件不完整：只有 {size} 字节，至少需要 {needed}。下载很可能被中断，请重新下载。</translation>
        </message>
        <message>
            <source>This model file says something impossible about itself ({key}), so it may be damaged. Download it again, from a source that you trust.</source>
            <translation>此模型文件中有不可能的信息（{key}），可能已损坏。请从可信来源重新下载。</translation>
        </message>
        <message>
            <source>This model file uses a weight format that is not known here (type {type}). Update Deskside, or choose another quantization of the model.</source>
            <translation>此模型文件使用了未知的权重格式（类型 {type}）。请更新 Deskside，或选择该模型的其他量化。</translation>
        </message>
        <message>
            <source>This model file was written for big-endian machines, which this engine cannot read. Download the usual (little-endian) file of the model.</source>
            <translation>此模型文件是为大端机器编写的，本引擎无法读取。请下载该模型的普通（小端）文件。</translation>
        </message>
        <message>
            <source>This model was loaded to answer, not to embed texts. Load it for embedding, or choose an embedding model.</source>
            <translation>该模型是为回答而加载的，不能生成嵌入向量。请以嵌入方式加载它，或选择嵌入模型。</translation>
        </message>
        <message>
            <source>This processor does not know an instruction that the engine uses (SIGILL), so {model} cannot run with this build. Install the portable build of Deskside. The log is {log}.</source>
            <translation>此处理器不支持引擎使用的某条指令（SIGILL），因此 {model} 无法用此版本运行。请安装 Deskside 的通用版本。日志：{log}。</translation>
        </message>
        <message>
            <source>This program has {count} requests open in the engine already. Try again when some of them have ended.</source>
            <translation>此程序在引擎中已有 {count} 个未完成的请求。请等其中一些结束后再试。</translation>
        </message>
        <message>
            <source>This program may use {limit} of the machine's {total} of memory, because a container or service limit says so. Raise that limit to run larger models.</source>
            <translation>受容器或服务限制，本程序只能使用机器 {total} 内存中的 {limit}。提高该限制即可运行更大的模型。</translation>
        </message>
        <message>
            <source>This program may use {usable} of the machine's {logical} processors, because a container or service limit says so. Raise that limit to generate faster.</source>
            <translation>受容器或服务限制，本程序只能使用机器 {logical} 个处理器中的 {usable} 个。提高该限制即可加快生成。</translation>
        </message>
        <message>
            <source>This server wants an API key, and the request has none. Send it in the header Authorization: Bearer KEY.</source>
            <translation>本服务器需要 API 密钥，而请求中没有。请在请求头中发送 Authorization: Bearer KEY。</translation>
        </message>
        <message>
            <source>This system has no keyring that can be used ({reason}), so the key for {host} is kept until Deskside ends and never written to disk. Unlock or install a keyring (GNOME Keyring, KWallet) to keep it.</source>
            <translation>本系统没有可用的密钥环（{reason}），因此 {host} 的密钥只保留到 Deskside 退出，绝不写入磁盘。要长期保存，请解锁或安装密钥环（GNOME Keyring、KWallet）。</translation>
        </message>
        <message>
            <source>This system has no keyring that can be used ({reason}), so the password for the proxy {proxy} is kept until Deskside ends and never written to disk. Unlock or install a keyring (GNOME Keyring, KWallet) to keep it.</source>
            <translation>本系统没有可用的密钥环（{reason}），因此代理 {proxy} 的密码只保留到 Deskside 结束，不会写入磁盘。要长期保存，请解锁或安装密钥环（GNOME Keyring、KWallet）。</translation>
        </message>
        <message>
            <source>Too many large requests are being received or answered at this moment. Try again in a few seconds.</source>
            <translation>此刻正在接收或处理的大型请求过多。请几秒后再试。</translation>
        </message>
        <message>
            <source>Vulkan could not be asked for graphics cards ({reason}). The other probes go on without it; update the graphics driver, then check again.</source>
            <translation>无法通过 Vulkan 查询显卡（{reason}）。其他检测不受影响；请更新显卡驱动程序后重新检测。</translation>
        </message>
        <message>
            <source>Web pages of {origin} may not use this server, so that no strange page can. If you trust that page, start the server with --allow-origin {origin}.</source>
            <translation>{origin} 的网页不能使用本服务器，以免陌生网页滥用。如果您信任该网页，请用 --allow-origin {origin} 启动服务器。</translation>
        </message>
        <message>
            <source>What card is {name}? It is not in the catalogue, so its speed is guessed from its memory, and may be {factor} times off. Give its bandwidth_gb_s and vram_gib.</source>
            <translation>{name} 是什么显卡？目录中没有它，只能按显存猜测速度，可能相差 {factor} 倍。请填写它的 bandwidth_gb_s 和 vram_gib。</translation>
        </message>
        <message>
            <source>What energy costs is left open, since no price of electricity was given. Say what a kilowatt hour costs you in CNY.</source>
            <translation>没有电价，因此未计算电费。请填写每千瓦时多少元。</translation>
        </message>
        <message>
            <source>What listens at {address} is no Deskside worker, or it is a damaged one. Look at the address, or start `deskside worker` there again.</source>
            <translation>在 {address} 监听的不是 Deskside 的 worker，或者它已损坏。请检查地址，或在那里重新启动 `deskside worker`。</translation>
        </message>
        <message>
            <source>What some of this costs is not known. Say it, and what a gained token a second costs is told too.</source>
            <translation>其中一些的价格未知。填写价格后，还能算出每秒多一个词元要花多少钱。</translation>
        </message>
        <message>
            <source>What these take in watts is not known, so the energy of their machines and the comparison with an API are left open: {parts}. Say it, and both are told.</source>
            <translation>以下部件的功耗未知，因此未计算含有它们的机器的能耗，也未与 API 比较：{parts}。填写后即可算出。</translation>
        </message>
        <message>
            <source>What was kept of that conversation on disk could not be deleted ({reason}). Check that the folder of Deskside's state can be written.</source>
            <translation>无法删除磁盘上为该对话保存的内容（{reason}）。请检查 Deskside 的状态文件夹是否可写。</translation>
        </message>
        <message>
            <source>When a machine pays is worked out for one that computes day and night. Say how many tokens you need a day, and it is judged by those.</source>
            <translation>回本时间按昼夜不停计算得出。填写每天需要的词元数后，会按该数量判断。</translation>
        </message>
        <message>
            <source>Whether a machine pays against an API depends on the price of electricity. Add --electricity with what a kilowatt hour costs you in CNY.</source>
            <translation>与 API 相比是否划算取决于电价。请用 --electricity 给出每千瓦时的价格（元）。</translation>
        </message>
        <message>
            <source>Whether the board takes a processor, and whether its cooler and power supply suffice, is not checked. Look at them before you buy.</source>
            <translation>没有检查主板是否支持该处理器，以及散热器和电源是否够用，请在购买前确认。</translation>
        </message>
        <message>
            <source>Whether the case, the power supply and the slots suit the cards is not checked. Look at them before you buy.</source>
            <translation>没有检查机箱、电源和插槽是否适合这些显卡，请在购买前确认。</translation>
        </message>
        <message>
            <source>Which build of the engine is it? The description does not say, and builds differ up to {factor} times here. Give engine.build, as a number or a date.</source>
            <translation>推理引擎是哪个版本？描述中没有说明；不同版本在这里可相差 {factor} 倍。请填写 engine.build（版本号或日期）。</translation>
        </message>
        <message>
            <source>Window, command line, engine and its workers talk over private sockets of this machine, which other users cannot open.</source>
            <translation>窗口、命令行、引擎及其工作进程通过本机的私有套接字通信，其他用户无法打开。</translation>
        </message>
        <message>
            <source>With the runtime {name} {model} wrote {now} tokens a second, and {before} with {other}, so {other} is used from the next load on. Choose {name} again to give it another chance.</source>
            <translation>使用运行组件 {name} 时，{model} 每秒生成 {now} 个词元，而使用 {other} 时为 {before} 个，因此从下次加载起改用 {other}。可以重新选择 {name} 再试一次。</translation>
        </message>
        <message>
            <source>With the runtime {name} {model} wrote {now} tokens a second, and {before} without it, so it is not used from the next load on. Choose it again to give it another chance.</source>
            <translation>使用运行组件 {name} 时，{model} 每秒生成 {now} 个词元，而不使用时为 {before} 个，因此从下次加载起不再使用它。可以重新选择它再试一次。</translation>
        </message>
        <message>
            <source>With {size} of main memory in all it would run well.</source>
            <translation>如果内存共有 {size}，它就能流畅运行。</translation>
        </message>
        <message>
            <source>Your chats are shown from a copy, because the chat database is damaged, so nothing can be written. Go on with the copy first.</source>
            <translation>对话数据库已损坏，现在显示的是副本，因此无法写入。请先改用该副本。</translation>
        </message>
        <message>
            <source>Your prompts and presets could not be kept in {path} ({reason}). Make the folder writable, then try again.</source>
            <translation>无法把您的提示词和预设保存到 {path}（{reason}）。请让该文件夹可写，然后重试。</translation>
        </message>
        <message>
            <source>Your prompts and presets in {path} could not be read ({reason}). They were put aside as {aside}.</source>
            <translation>无法读取 {path} 中您的提示词和预设（{reason}）。原文件已另存为 {aside}。</translation>
        </message>
        <message>
            <source>llama.cpp could not be loaded ({reason}). Deskside's installation is incomplete; install it again.</source>
            <translation>无法加载 llama.cpp（{reason}）。Deskside 的安装不完整，请重新安装。</translation>
        </message>
        <message>
            <source>llama.cpp could not load {model} ({reason}). Download the file again, or choose another model.</source>
            <translation>llama.cpp 无法加载 {model}（{reason}）。请重新下载该文件，或选择其他模型。</translation>
        </message>
        <message>
            <source>llama.cpp failed while computing the answer (code {number}: {reason}). Load the model again, with a shorter context if memory is short.</source>
            <translation>llama.cpp 在计算回答时失败（代码 {number}：{reason}）。请重新加载模型；如果内存紧张，请使用更短的上下文。</translation>
        </message>
        <message>
            <source>llama.cpp gave up on {model} while loading it ({detail}). The file is damaged or of a kind that this version cannot run: download it again, or choose another model. The log is {log}.</source>
            <translation>llama.cpp 在加载 {model} 时放弃（{detail}）。文件已损坏或属于本版本无法运行的类型：请重新下载，或选择其他模型。日志：{log}。</translation>
        </message>
        <message>
            <source>llama.cpp stopped itself while running {model} ({detail}). Load the model again to go on; the conversation is kept. The log is {log}.</source>
            <translation>运行 {model} 时 llama.cpp 自行中止（{detail}）。重新加载模型即可继续；对话已保留。日志：{log}。</translation>
        </message>
        <message>
            <source>{address} cannot be listened at ({reason}). Choose another port with --listen HOST:PORT.</source>
            <translation>无法在 {address} 监听（{reason}）。请用 --listen HOST:PORT 选择另一个端口。</translation>
        </message>
        <message>
            <source>{address} is no address of a machine. Write HOST:PORT as `deskside worker` shows it there, for example 192.168.1.20:7341.</source>
            <translation>{address} 不是机器的地址。请按 `deskside worker` 显示的形式填写 HOST:PORT，例如 192.168.1.20:7341。</translation>
        </message>
        <message>
            <source>{address} is not the address of an endpoint: {reason}. Write it as https://HOST/v1, or http://HOST:PORT/v1 on your own network.</source>
            <translation>{address} 不是端点地址：{reason}。请写成 https://主机/v1；在自己的局域网内可写成 http://主机:端口/v1。</translation>
        </message>
        <message>
            <source>{asked} layers are wanted beside the processor; {layers} of them fit there.</source>
            <translation>希望把 {asked} 层放在处理器之外；其中 {layers} 层放得下。</translation>
        </message>
        <message>
            <source>{count} cards cannot be added. Say from 1 to {most}.</source>
            <translation>无法增加 {count} 张显卡。请填写 1 到 {most}。</translation>
        </message>
        <message>
            <source>{count} models are waiting to be loaded already. Try again when some of them are.</source>
            <translation>已有 {count} 个模型在等待加载。待其中一些加载完成后请重试。</translation>
        </message>
        <message>
            <source>{count} texts cannot be embedded at once, {most} can. Send them in several requests.</source>
            <translation>不能一次为 {count} 段文本生成嵌入向量，最多 {most} 段。请分多次发送。</translation>
        </message>
        <message>
            <source>{device}, which computed a part of {model}, does not answer any more, so the engine stopped. Load the model again to go on without it; the conversation is kept. The log is {log}.</source>
            <translation>{device} 负责计算 {model} 的一部分，现在不再应答，因此引擎已停止。重新加载模型即可在没有它的情况下继续；对话已保留。日志在 {log}。</translation>
        </message>
        <message>
            <source>{draft} cannot write ahead for {model}: it has another vocabulary. Choose a smaller model of the same family, or load {model} without one.</source>
            <translation>{draft} 不能为 {model} 打草稿：两者的词表不同。请选择同一系列中更小的模型，或不带草稿模型加载 {model}。</translation>
        </message>
        <message>
            <source>{draft} cannot write ahead for {model}: its state cannot go back by a token. Choose a smaller model of another kind, or load {model} without one.</source>
            <translation>{draft} 不能为 {model} 打草稿：它的状态无法退回一个词元。请选择另一种更小的模型，或不带草稿模型加载 {model}。</translation>
        </message>
        <message>
            <source>{endpoint} answered with a page that is no hub's (HTTP {status}): a login page of the network may stand in between, or the address is not a hub's. Log in with a browser, or correct the address.</source>
            <translation>{endpoint} 返回的页面不是模型库的内容（HTTP {status}）：可能被网络登录页面拦截，或者该地址并非模型库。请用浏览器登录网络，或更正地址。</translation>
        </message>
        <message>
            <source>{endpoint} answered with something that is no description of a model, so it may not be a hub, or a login page stands in between. Check the endpoint and the network connection.</source>
            <translation>{endpoint} 返回的内容不是模型描述，它可能不是模型库，或中间有登录页面。请检查站点地址和网络连接。</translation>
        </message>
        <message>
            <source>{endpoint} answers.</source>
            <translation>{endpoint} 可以连接。</translation>
        </message>
        <message>
            <source>{endpoint} cannot answer at the moment (HTTP {status}). Try again in a few minutes, or allow mirrors in the settings.</source>
            <translation>{endpoint} 目前无法回应（HTTP {status}）。请几分钟后重试，或在设置中允许使用镜像。</translation>
        </message>
        <message>
            <source>{endpoint} does not answer ({reason}). Check the network connection and the proxy, or allow mirrors in the settings; nothing that was downloaded is lost.</source>
            <translation>{endpoint} 没有回应（{reason}）。请检查网络连接和代理，或在设置中允许使用镜像；已下载的内容不会丢失。</translation>
        </message>
        <message>
            <source>{endpoint} does not have {name} any more. Check the page of {repository} for a newer version; what arrived is kept.</source>
            <translation>{endpoint} 已没有 {name}。请到 {repository} 的页面查看是否有新版本；已下载的部分会保留。</translation>
        </message>
        <message>
            <source>{endpoint} does not speak https there ({reason}). Check the address; a firewall may stand in between.</source>
            <translation>{endpoint} 未使用 https 应答（{reason}）。请检查地址；也可能被防火墙拦截。</translation>
        </message>
        <message>
            <source>{endpoint} is there but cannot answer at the moment (HTTP {status}). Try again in a few minutes, or choose a mirror.</source>
            <translation>{endpoint} 已连接，但目前无法应答（HTTP {status}）。请过几分钟再试，或选用镜像站。</translation>
        </message>
        <message>
            <source>{endpoint} is there, but its certificate belongs to another name ({reason}), so something stands in between, often a login page of the network. Open a web page in a browser and log in, then try again.</source>
            <translation>{endpoint} 已连接，但其证书属于另一个名称（{reason}），说明中间有拦截，常见的是网络登录页面。请用浏览器打开任意网页完成登录，然后重试。</translation>
        </message>
        <message>
            <source>{endpoint} is there, but its certificate is not valid today ({reason}). Check the date and time of this machine.</source>
            <translation>{endpoint} 已连接，但其证书在今天无效（{reason}）。请检查本机的日期和时间。</translation>
        </message>
        <message>
            <source>{endpoint} is there, but this machine does not trust its certificate ({reason}). In a company network, name the file with the company's certificate in the settings, or have it added to this system.</source>
            <translation>{endpoint} 已连接，但本机不信任其证书（{reason}）。在公司网络中，请在设置中指定公司证书文件，或请人将其添加到本系统。</translation>
        </message>
        <message>
            <source>{endpoint} refused to describe the model (HTTP {status}). Check the endpoint and the name of the model.</source>
            <translation>{endpoint} 拒绝提供模型信息（HTTP {status}）。请检查站点地址和模型名称。</translation>
        </message>
        <message>
            <source>{endpoint} refuses this machine or its network (HTTP {status}). Choose a mirror, or ask whoever runs it.</source>
            <translation>{endpoint} 拒绝本机或所在网络的访问（HTTP {status}）。请选用镜像站，或联系其管理者。</translation>
        </message>
        <message>
            <source>{endpoint} refuses to give out {name}. Check that your account may read {repository}, then try again; what arrived is kept.</source>
            <translation>{endpoint} 拒绝提供 {name}。请确认您的账号有权读取 {repository} 后重试；已下载的部分会保留。</translation>
        </message>
        <message>
            <source>{endpoint} took the connection and then did not answer ({reason}). A firewall may stand in between: try again later, or set a proxy or a mirror.</source>
            <translation>{endpoint} 接受了连接，但随后没有应答（{reason}）。可能被防火墙拦截：请稍后重试，或设置代理、镜像站。</translation>
        </message>
        <message>
            <source>{endpoint} was not asked: the file of certificates that is set cannot be read as one. Choose a PEM file, or leave it empty.</source>
            <translation>未连接 {endpoint}：所设置的证书文件无法读取。请选择一个 PEM 文件，或留空。</translation>
        </message>
        <message>
            <source>{endpoint} was not asked: the proxy that is set is no http, socks4 or socks5 address. Correct it in the settings of Deskside or of this system.</source>
            <translation>未连接 {endpoint}：所设置的代理不是 http、socks4 或 socks5 地址。请在 Deskside 的设置或系统设置中更正。</translation>
        </message>
        <message>
            <source>{endpoint} was not reached: the name {host} is not known here. Check the network connection and its name server (DNS), or set a proxy.</source>
            <translation>无法连接 {endpoint}：找不到名称 {host}。请检查网络连接和域名服务器（DNS），或设置代理。</translation>
        </message>
        <message>
            <source>{endpoint} was not reached: the proxy {proxy} does not answer ({reason}). Check its address, or switch it off.</source>
            <translation>无法连接 {endpoint}：代理 {proxy} 没有应答（{reason}）。请检查代理地址，或停用代理。</translation>
        </message>
        <message>
            <source>{endpoint} was not reached: the proxy {proxy} is there, but {reason}. Correct the address, the kind or the login of the proxy.</source>
            <translation>无法连接 {endpoint}：代理 {proxy} 已连接，但无法使用（{reason}）。请更正代理的地址、类型或登录信息。</translation>
        </message>
        <message>
            <source>{endpoint} was not reached: the proxy {proxy} wants a password for {user}, and none is kept here. Write it into the address of the proxy once more (USER:PASSWORD@HOST) or into the variable DESKSIDE_PROXY_PASSWORD; it is not kept in the settings.</source>
            <translation>无法连接 {endpoint}：代理 {proxy} 要求 {user} 的密码，而这里没有保存。请在代理地址中重新填写（用户:密码@主机），或写入环境变量 DESKSIDE_PROXY_PASSWORD；密码不会保存在设置中。</translation>
        </message>
        <message>
            <source>{endpoint} was not reached: {reason}. Check the network connection and the firewall, set a proxy, or choose a mirror.</source>
            <translation>无法连接 {endpoint}：{reason}。请检查网络连接和防火墙，设置代理，或选用镜像站。</translation>
        </message>
        <message>
            <source>{engine} splits every layer over the cards; how fast that is depends on their links and is not modelled here. Only a wide range is given.</source>
            <translation>{engine} 把每一层都拆分到各张显卡上；速度取决于显卡之间的连接，这里没有对此建模，只给出一个很宽的范围。</translation>
        </message>
        <message>
            <source>{field} cannot be used in this way: {reason}. Leave it out or change it, then send the request again.</source>
            <translation>不能这样使用 {field}：{reason}。请去掉或修改它，然后重新发送请求。</translation>
        </message>
        <message>
            <source>{field} has a value that is not known here. It can be: {choices}.</source>
            <translation>{field} 的值在这里不可用。可选值：{choices}。</translation>
        </message>
        <message>
            <source>{field} is an address that would have to be fetched ({kind}), and nothing is fetched here. Send the image itself: data:image/png;base64, and its bytes.</source>
            <translation>{field} 是需要去获取的地址（{kind}），而这里不会获取任何东西。请发送图片本身：data:image/png;base64, 加上它的字节。</translation>
        </message>
        <message>
            <source>{field} is missing or empty, and the request cannot be answered without it. Fill it in and send the request again.</source>
            <translation>缺少 {field} 或其内容为空，因此无法回答该请求。请填写后重新发送。</translation>
        </message>
        <message>
            <source>{field} is not an image in base64. Send it as data:image/png;base64, and its bytes.</source>
            <translation>{field} 不是 base64 编码的图片。请以 data:image/png;base64, 加上它的字节发送。</translation>
        </message>
        <message>
            <source>{field} is of the wrong kind: it must be {wanted}. Correct it and send the request again.</source>
            <translation>{field} 的类型不对：它必须是 {wanted}。请更正后重新发送请求。</translation>
        </message>
        <message>
            <source>{field} is too long: it has {count} entries or characters, and at most {most} are taken. Send less at once.</source>
            <translation>{field} 太长：共有 {count} 项或字符，最多接受 {most}。请减少一次发送的内容。</translation>
        </message>
        <message>
            <source>{field} is {kind}, and the models here read text and images only. Send the message as text or image_url.</source>
            <translation>{field} 是 {kind}，而这里的模型只读文字和图片。请以文字或 image_url 发送。</translation>
        </message>
        <message>
            <source>{field} is {value}, and it must lie between {low} and {high}. Correct it and send the request again.</source>
            <translation>{field} 的值为 {value}，但必须在 {low} 和 {high} 之间。请更正后重新发送请求。</translation>
        </message>
        <message>
            <source>{host} answered with something that is not the protocol of OpenAI ({detail}). Check the address: most end in /v1.</source>
            <translation>{host} 的回应不符合 OpenAI 协议（{detail}）。请检查地址：大多以 /v1 结尾。</translation>
        </message>
        <message>
            <source>{host} broke the answer off{told}. What had arrived is kept; try again.</source>
            <translation>{host} 中断了回答{told}。已收到的内容都已保留；请重试。</translation>
        </message>
        <message>
            <source>{host} does not accept the key, or wants one (HTTP {status}). Enter the right key for this endpoint.</source>
            <translation>{host} 不接受该密钥，或要求提供密钥（HTTP {status}）。请为该端点填写正确的密钥。</translation>
        </message>
        <message>
            <source>{host} does not accept the request (HTTP {status}{told}). Change what was asked, or choose another model.</source>
            <translation>{host} 不接受该请求（HTTP {status}{told}）。请修改请求，或另选模型。</translation>
        </message>
        <message>
            <source>{host} does not allow this with your key (HTTP {status}{told}). Ask whoever runs it, or choose another model.</source>
            <translation>{host} 不允许用您的密钥进行此操作（HTTP {status}{told}）。请联系其管理员，或另选模型。</translation>
        </message>
        <message>
            <source>{host} does not offer a model {model}. It offers: {choices}. Choose one of them.</source>
            <translation>{host} 不提供模型 {model}。它提供：{choices}。请选择其中之一。</translation>
        </message>
        <message>
            <source>{host} does not take connections ({reason}). Check that the endpoint runs, and its port; a firewall may stand in between.</source>
            <translation>{host} 不接受连接（{reason}）。请确认端点正在运行、端口正确；也可能被防火墙拦截。</translation>
        </message>
        <message>
            <source>{host} ended the answer with its content filter. Words may be missing.</source>
            <translation>{host} 的内容过滤器结束了回答，可能缺少部分文字。</translation>
        </message>
        <message>
            <source>{host} ended the answer without saying that it was complete. What had arrived is kept; carry on, or try again.</source>
            <translation>{host} 没有说明回答已完整就结束了。已收到的内容都已保留；请继续生成或重试。</translation>
        </message>
        <message>
            <source>{host} failed to answer (HTTP {status}{told}). Try again; if it stays, tell whoever runs it.</source>
            <translation>{host} 未能作答（HTTP {status}{told}）。请重试；如果一直如此，请告知其管理员。</translation>
        </message>
        <message>
            <source>{host} had not answered completely after {seconds} seconds. It may be overloaded: try again later.</source>
            <translation>{host} 在 {seconds} 秒后仍未答复完毕，可能负载过高。请稍后重试。</translation>
        </message>
        <message>
            <source>{host} has no list of models at this address (HTTP 404{told}). Check the address (most end in /v1), or write the name of a model yourself.</source>
            <translation>{host} 在该地址没有模型列表（HTTP 404{told}）。请检查地址（大多以 /v1 结尾），或自行填写模型名称。</translation>
        </message>
        <message>
            <source>{host} has too much to do (HTTP {status}{told}). Try again in a while.</source>
            <translation>{host} 太忙（HTTP {status}{told}）。请稍后重试。</translation>
        </message>
        <message>
            <source>{host} knows nothing at this address, or no model {model} (HTTP 404{told}). Check the address (most end in /v1) and the name of the model.</source>
            <translation>{host} 在该地址没有内容，或没有模型 {model}（HTTP 404{told}）。请检查地址（大多以 /v1 结尾）和模型名称。</translation>
        </message>
        <message>
            <source>{host} offers no model. Load one there, or choose another endpoint.</source>
            <translation>{host} 没有提供模型。请在那里加载一个，或选择其他端点。</translation>
        </message>
        <message>
            <source>{host} offers several models: {choices}. Name one of them with --model.</source>
            <translation>{host} 提供多个模型：{choices}。请用 --model 指定其中一个。</translation>
        </message>
        <message>
            <source>{host} sends on to {target}, where neither your key nor your words are sent unasked. If you trust it, enter that address instead.</source>
            <translation>{host} 转向 {target}；未经您同意，密钥和对话内容都不会发往那里。如果您信任它，请改用该地址。</translation>
        </message>
        <message>
            <source>{host} sent more than an answer can be ({detail}), so it was ended. What had arrived is kept.</source>
            <translation>{host} 发来的数据超出了一个回答应有的大小（{detail}），因此已结束。已收到的内容都已保留。</translation>
        </message>
        <message>
            <source>{host} sent nothing for {seconds} seconds. It may be overloaded or gone: try again, or choose another model.</source>
            <translation>{host} 已有 {seconds} 秒没有发来任何数据，可能过载或已离线。请重试，或另选模型。</translation>
        </message>
        <message>
            <source>{host} showed a certificate that this machine does not trust ({reason}). Check the address, the date of this machine and the certificates of your network.</source>
            <translation>{host} 出示的证书不受本机信任（{reason}）。请检查地址、本机日期以及所在网络的证书。</translation>
        </message>
        <message>
            <source>{host} wants a key, and none could be read from the keyring ({reason}). Unlock the keyring, or enter the key again.</source>
            <translation>{host} 要求提供密钥，但无法从密钥环读取（{reason}）。请解锁密钥环，或重新填写密钥。</translation>
        </message>
        <message>
            <source>{idle} was unloaded to make room for {model}.</source>
            <translation>已卸载 {idle}，为 {model} 腾出内存。</translation>
        </message>
        <message>
            <source>{key} cannot be set to {value}. It takes {wanted}.</source>
            <translation>{key} 不能设为 {value}。可填写：{wanted}。</translation>
        </message>
        <message>
            <source>{layers} of its {total} layers are on {device}, as was chosen; the other {rest} stay in main memory and set the pace.</source>
            <translation>共 {total} 层，其中 {layers} 层按您的选择放在 {device} 上；其余 {rest} 留在内存中，并决定速度。</translation>
        </message>
        <message>
            <source>{layers} of its {total} layers are on {device}, without the experts of {away} of them: these and the other layers ({rest}) stay in main memory and set the pace.</source>
            <translation>共 {total} 层，其中 {layers} 层在 {device} 上，但有 {away} 层的专家不在其中：这些专家和其余各层（{rest}）留在内存中，并决定速度。</translation>
        </message>
        <message>
            <source>{layers} of its {total} layers fit on {device}; the other {rest} stay in main memory and set the pace.</source>
            <translation>共 {total} 层，其中 {layers} 层可放入 {device}；其余 {rest} 留在内存中，并决定速度。</translation>
        </message>
        <message>
            <source>{layers} of the {total} layers of {model} are on the graphics card and the others in main memory, because {free} of memory are free and {needed} were planned. Answers are slower; close programs that use the card and load it again.</source>
            <translation>{model} 的 {total} 层中有 {layers} 层在显卡上，其余在内存中，因为当前空闲内存为 {free}，而计划需要 {needed}。回答会慢一些；关闭占用显卡的程序后重新加载。</translation>
        </message>
        <message>
            <source>{model} answers at about {after} tokens a second then, instead of {before}.</source>
            <translation>这样 {model} 每秒约回答 {after} 个词元，现在是 {before} 个。</translation>
        </message>
        <message>
            <source>{model} answers more slowly then: at about {after} tokens a second, instead of {before}.</source>
            <translation>这样 {model} 反而更慢：每秒约回答 {after} 个词元，现在是 {before} 个。</translation>
        </message>
        <message>
            <source>{model} brings no chat template, so a common one (ChatML) is used. It may be a base model that does not hold conversations well; choose an instruct or chat model if answers look odd.</source>
            <translation>{model} 没有对话模板，已使用通用模板（ChatML）。它可能是不擅长对话的基础模型；如果回答看起来不正常，请选择指令或对话模型。</translation>
        </message>
        <message>
            <source>{model} cannot see images, because there is no projector with it. Take a model that sees, with the file of its repository that has mmproj in its name, both in one folder.</source>
            <translation>{model} 看不了图片，因为没有与它配套的投影文件。请使用能看图的模型，并把其仓库中名称含 mmproj 的文件与模型放在同一个文件夹里。</translation>
        </message>
        <message>
            <source>{model} crashed {count} times within {minutes} minutes, so it stays unloaded. The last reason stands beside this; load it again to try once more, or choose a smaller model.</source>
            <translation>{model} 在 {minutes} 分钟内崩溃了 {count} 次，因此不再自动加载。最后一次的原因列在旁边；可以再次加载重试，或选择更小的模型。</translation>
        </message>
        <message>
            <source>{model} does not fit, not even with its smallest settings: {needed} were planned and {free} of memory are free. Close other programs, or choose a smaller model.</source>
            <translation>即使使用最小的设置，{model} 也放不下：计划需要 {needed}，当前空闲内存为 {free}。请关闭其他程序，或选择更小的模型。</translation>
        </message>
        <message>
            <source>{model} does not generate text ({reason}), so it cannot hold a conversation. Choose a chat model.</source>
            <translation>{model} 不生成文本（{reason}），无法进行对话。请选择对话模型。</translation>
        </message>
        <message>
            <source>{model} does not make embeddings ({reason}). Choose an embedding model.</source>
            <translation>{model} 不能生成嵌入向量（{reason}）。请选择嵌入模型。</translation>
        </message>
        <message>
            <source>{model} has a context of {context} tokens in place of {wanted}, because {free} of memory are free and {needed} were planned. Close other programs and load it again for longer conversations.</source>
            <translation>{model} 的上下文为 {context} 个词元，而不是 {wanted} 个，因为当前空闲内存为 {free}，而计划需要 {needed}。关闭其他程序后重新加载即可进行更长的对话。</translation>
        </message>
        <message>
            <source>{model} has become slower than it is without its tuned settings, so they are not used from the next load on. Tune it again to find new ones.</source>
            <translation>{model} 使用调优设置后反而比不调优更慢，因此从下次加载起不再使用这些设置。请重新调优以找到新的设置。</translation>
        </message>
        <message>
            <source>{model} is being loaded again after it ended unexpectedly.</source>
            <translation>{model} 意外结束，正在重新加载。</translation>
        </message>
        <message>
            <source>{model} is being loaded again with smaller settings, because memory ran out or it crashed before.</source>
            <translation>由于内存不足或之前曾崩溃，正在以更小的设置重新加载 {model}。</translation>
        </message>
        <message>
            <source>{model} is being loaded again without its copy for speed, because the engine failed with it on this processor.</source>
            <translation>正在重新加载 {model}，这次不做加速用的副本，因为引擎在本机处理器上使用该副本时出错。</translation>
        </message>
        <message>
            <source>{model} is being loaded without {device}, which could not be used when the load began: it is gone, busy with another model, or of another version.</source>
            <translation>正在加载 {model}，但不使用 {device}：加载开始时它无法使用，可能已断开、正被其他模型占用，或版本不同。</translation>
        </message>
        <message>
            <source>{model} is loaded in about {after} then, instead of {before}; it answers no faster.</source>
            <translation>这样 {model} 约 {after} 就能载入，现在要 {before}；回答并不会更快。</translation>
        </message>
        <message>
            <source>{model} is of a kind that this version of llama.cpp does not know ({reason}). Update Deskside, or choose another model.</source>
            <translation>{model} 属于此版本 llama.cpp 不认识的类型（{reason}）。请更新 Deskside，或选择其他模型。</translation>
        </message>
        <message>
            <source>{model} keeps conversations in a {bits}-bit KV cache in place of {wanted} bits, because {free} of memory are free and {needed} were planned. Close other programs and load it again for the finer one.</source>
            <translation>{model} 使用 {bits} 位 KV 缓存保存对话，而不是 {wanted} 位，因为当前空闲内存为 {free}，而计划需要 {needed}。关闭其他程序后重新加载即可使用更精细的缓存。</translation>
        </message>
        <message>
            <source>{model} keeps conversations in a {bits}-bit KV cache now, and those that were put aside have one of {before} bits: each of them is read again once.</source>
            <translation>{model} 现在使用 {bits} 位 KV 缓存保存对话，而之前搁置的对话使用的是 {before} 位：这些对话各需重新读取一次。</translation>
        </message>
        <message>
            <source>{model} ran out of memory, and none of its settings takes enough less of it. Close other programs, or choose a smaller model.</source>
            <translation>{model} 内存不足，而且没有哪种设置能省下足够的内存。请关闭其他程序，或选择更小的模型。</translation>
        </message>
        <message>
            <source>{model} reads prompts {batch} tokens at once in place of {wanted}, because {free} of memory are free and {needed} were planned.</source>
            <translation>{model} 读取提示词时每次处理 {batch} 个词元，而不是 {wanted} 个，因为当前空闲内存为 {free}，而计划需要 {needed}。</translation>
        </message>
        <message>
            <source>{model} runs then, slowly, at about {speed} tokens a second.</source>
            <translation>这样就能运行 {model}，但较慢，每秒约 {speed} 个词元。</translation>
        </message>
        <message>
            <source>{model} runs well then, at about {speed} tokens a second.</source>
            <translation>这样就能流畅运行 {model}，每秒约 {speed} 个词元。</translation>
        </message>
        <message>
            <source>{model} runs without a second copy of its weights made for this processor, because {free} of memory are free and {needed} were planned. Prompts are read more slowly; close other programs and load it again for full speed.</source>
            <translation>{model} 在没有为此处理器另存一份权重的情况下运行，因为当前空闲内存为 {free}，而计划需要 {needed}。读取提示词会慢一些；关闭其他程序后重新加载即可恢复全速。</translation>
        </message>
        <message>
            <source>{model} waits until {busy} has ended its answers, because both do not fit in memory together.</source>
            <translation>{model} 正在等待 {busy} 完成回答，因为内存无法同时容纳两者。</translation>
        </message>
        <message>
            <source>{model} was loaded to embed texts, so it cannot answer. Choose a chat model.</source>
            <translation>{model} 是为生成嵌入向量而加载的，不能回答。请选择对话模型。</translation>
        </message>
        <message>
            <source>{model} was to be loaded on {device}, but the engine does not find it any more. Check the machine again, then load the model.</source>
            <translation>{model} 本应加载到 {device} 上，但引擎找不到它了。请重新检测本机，然后加载模型。</translation>
        </message>
        <message>
            <source>{model} was trained on {trained} tokens of context and is loaded with {context}; its answers may get worse beyond what it was trained on. Choose a context of {trained} tokens or less.</source>
            <translation>{model} 以 {trained} 词元的上下文训练，现以 {context} 加载；超出训练长度后回答可能变差。请选择不超过 {trained} 词元的上下文。</translation>
        </message>
        <message>
            <source>{model} wrote no summary, so nothing was changed. Leave out the oldest messages instead, or try again.</source>
            <translation>{model} 没有写出摘要，因此没有做任何改动。请改为省略最早的消息，或重试。</translation>
        </message>
        <message>
            <source>{most} answers are being written or waited for already, which is the most that are taken on. Try again in a few seconds.</source>
            <translation>已有 {most} 个回答正在生成或等待，达到了上限。请几秒后再试。</translation>
        </message>
        <message>
            <source>{most} requests for embeddings are waiting already, which is the most that are taken on. Try again in a few seconds, or send more texts in one request.</source>
            <translation>已有 {most} 个嵌入请求在等待，达到了上限。请几秒后再试，或在一个请求中发送更多文本。</translation>
        </message>
        <message>
            <source>{name} arrived whole, but nothing tells its publisher's checksum, so it cannot be verified against one. The SHA-256 of what arrived is kept: {sha256}. Compare it where you can; later changes are noticed.</source>
            <translation>{name} 已完整到达，但没有任何地方给出发布者的校验和，因此无法据此验证。已保存所收到内容的 SHA-256：{sha256}。如有条件请自行核对；之后的改动会被发现。</translation>
        </message>
        <message>
            <source>{name} can be used now; at the last check it could not.</source>
            <translation>{name} 现在可以使用；上次检测时不能。</translation>
        </message>
        <message>
            <source>{name} cannot be used now; at the last check it could.</source>
            <translation>{name} 现在不能使用；上次检测时可以。</translation>
        </message>
        <message>
            <source>{name} could not be read ({reason}). Check that the file is there and that you may open it.</source>
            <translation>无法读取 {name}（{reason}）。请检查文件是否存在，以及您是否有权打开它。</translation>
        </message>
        <message>
            <source>{name} does not fit in memory here. As {quantization} ({size}) it could only be read from the disk while it answers, at about {speed} tokens a second: to try, not to use.</source>
            <translation>{name} 放不进本机内存。以 {quantization}（{size}）只能在回答时从磁盘读取，每秒约 {speed} 个词元：可以一试，不宜使用。</translation>
        </message>
        <message>
            <source>{name} does not fit this machine: it is for computers of another kind. Compare whole machines with a budget instead.</source>
            <translation>{name} 不适合这台机器：它用于另一类电脑。请改用预算来比较整机。</translation>
        </message>
        <message>
            <source>{name} does not run here: even {quantization} takes {size}. What runs well is listed instead.</source>
            <translation>{name} 无法在本机运行：即使 {quantization} 也需要 {size}。列表中是运行流畅的模型。</translation>
        </message>
        <message>
            <source>{name} fits here as {quantization} ({size}), but slowly: about {speed} tokens a second.</source>
            <translation>{name} 以 {quantization}（{size}）可在本机运行，但较慢：每秒约 {speed} 个词元。</translation>
        </message>
        <message>
            <source>{name} has a wrong checksum, and still had it after every part of it was fetched again, so its source is faulty. It was not installed; it lies in {kept} and is deleted by the next try. Try again later or with another endpoint.</source>
            <translation>{name} 的校验和不正确，重新获取每一部分后依然如此，说明来源有问题。未安装；文件存放在 {kept}，下次尝试时会删除。请稍后重试，或换用其他站点。</translation>
        </message>
        <message>
            <source>{name} has no memory of its own and reads main memory no faster than the processor does, so the processor computes.</source>
            <translation>{name} 没有自己的显存，读取内存也不比处理器快，因此由处理器计算。</translation>
        </message>
        <message>
            <source>{name} holds {size}, and files of up to {most} are read. Attach the part that matters.</source>
            <translation>{name} 有 {size}，最多只读取 {most} 的文件。请只附上需要的部分。</translation>
        </message>
        <message>
            <source>{name} is already being downloaded by another window or terminal. Wait for it to finish, or stop it there.</source>
            <translation>另一个窗口或终端正在下载 {name}。请等待其完成，或在那里停止下载。</translation>
        </message>
        <message>
            <source>{name} is left out, because it was switched off by hand. Take that correction back to use it again.</source>
            <translation>{name} 未被使用，因为它已被手动停用。撤销该更正即可重新使用。</translation>
        </message>
        <message>
            <source>{name} is locked with a password. Save a copy without one, then attach that.</source>
            <translation>{name} 有密码保护。请另存一份没有密码的副本，再附上。</translation>
        </message>
        <message>
            <source>{name} is neither text, a PDF nor an image that can be read here (PNG, JPEG or GIF). Attach one of these.</source>
            <translation>{name} 既不是文本或 PDF，也不是这里能读取的图片（PNG、JPEG 或 GIF）。请附上其中一种。</translation>
        </message>
        <message>
            <source>{name} is not among the downloads. deskside pull --queue shows those that are.</source>
            <translation>{name} 不在下载队列中。deskside pull --queue 可显示队列中的项目。</translation>
        </message>
        <message>
            <source>{name} is on this machine, but {path} is not the file any more that was verified or added. `deskside models verify {name}` reads it whole and says what it is; once it is found right, or its checksum is noted, it can be used again.</source>
            <translation>{name} 在本机上，但 {path} 已不是当初校验或添加的那个文件。`deskside models verify {name}` 会完整读取它并说明它是什么；一旦确认无误，或记下其校验和，就可以再次使用。</translation>
        </message>
        <message>
            <source>{name} lies in {path} and belongs to another program or folder, so Deskside neither moves nor deletes it. It can be taken off the list.</source>
            <translation>{name} 位于 {path}，属于其他程序或文件夹，因此 Deskside 既不移动也不删除它。可以把它从列表中移除。</translation>
        </message>
        <message>
            <source>{name} runs well here as {quantization} ({size}), at about {speed} tokens a second.</source>
            <translation>{name} 以 {quantization}（{size}）在本机运行流畅，每秒约 {speed} 个词元。</translation>
        </message>
        <message>
            <source>{name} was found at the last check and is not there now.</source>
            <translation>上次检测时有 {name}，现在没有了。</translation>
        </message>
        <message>
            <source>{name} was found, but it has no working driver, so models cannot run on it. Install the driver of its maker ({page}), restart, then check again.</source>
            <translation>找到了 {name}，但没有可用的驱动程序，模型无法在其上运行。请安装厂商驱动程序（{page}），重启后重新检测。</translation>
        </message>
        <message>
            <source>{name} was found, but the engine could not be asked whether it can use it. Check again; until then models are planned for the processor.</source>
            <translation>找到了 {name}，但无法询问引擎能否使用它。请重新检测；在此之前，模型按处理器规划。</translation>
        </message>
        <message>
            <source>{name} was found, but the engine does not list it among the cards it can compute on. Update the {vendor} driver, then check again.</source>
            <translation>找到了 {name}，但引擎没有把它列为可用于计算的显卡。请更新 {vendor} 驱动程序后重新检测。</translation>
        </message>
        <message>
            <source>{name} was found, but this build of the engine computes on the CPU only, so models run on the processor. A runtime for {vendor} cards is needed to use it: add one in the settings, or with `deskside runtimes`.</source>
            <translation>找到了 {name}，但此版本的引擎只用 CPU 计算，模型将在处理器上运行。要使用它，需要支持 {vendor} 显卡的运行组件：请在设置中或用 `deskside runtimes` 添加。</translation>
        </message>
        <message>
            <source>{name} was not found at the last check and is there now.</source>
            <translation>上次检测时没有 {name}，现在有了。</translation>
        </message>
        <message>
            <source>{nodes} is left out: splitting the model over the network is slower ({speed} tokens a second in place of {here}).</source>
            <translation>没有使用 {nodes}：把模型拆分到网络上反而更慢（每秒 {speed} 个词元，而不是 {here} 个）。</translation>
        </message>
        <message>
            <source>{path} does not have the checksum that it should have, so it was changed or damaged. Have the program that keeps it fetch it again; it was not touched.</source>
            <translation>{path} 的校验和与应有的不符，可能被改动或已损坏。请让保管它的程序重新获取；本程序没有动它。</translation>
        </message>
        <message>
            <source>{path} does not take requests with the method {method}. See the header Allow for those that it takes.</source>
            <translation>{path} 不接受 {method} 方法的请求。可用的方法见 Allow 响应头。</translation>
        </message>
        <message>
            <source>{path} has {after} free now, {before} at the last check.</source>
            <translation>{path} 现在有 {after} 可用空间，上次检测时为 {before}。</translation>
        </message>
        <message>
            <source>{path} holds more than {most} files, so only a part of it was looked through. Choose a folder further down.</source>
            <translation>{path} 中的文件超过 {most} 个，只查看了一部分。请选择更下一层的文件夹。</translation>
        </message>
        <message>
            <source>{path} holds {count} of your chats now.</source>
            <translation>{path} 中现在有您的 {count} 个对话。</translation>
        </message>
        <message>
            <source>{path} is a GGUF file for big-endian machines and cannot be used here. Choose the ordinary (little-endian) file of the same model.</source>
            <translation>{path} 是大端机器用的 GGUF 文件，无法在此使用。请选择同一模型的普通（小端）文件。</translation>
        </message>
        <message>
            <source>{path} is a GGUF file of version {version}, and this version of Deskside reads 2 and 3. Download the model again from a current source.</source>
            <translation>{path} 是第 {version} 版的 GGUF 文件，本版本的 Deskside 只能读取第 2 和第 3 版。请从较新的来源重新下载模型。</translation>
        </message>
        <message>
            <source>{path} is a disk that was not there at the last check.</source>
            <translation>{path} 是上次检测时还没有的磁盘。</translation>
        </message>
        <message>
            <source>{path} is not a GGUF model (it begins with {magic}). Choose a file in the GGUF format.</source>
            <translation>{path} 不是 GGUF 模型（以 {magic} 开头）。请选择 GGUF 格式的文件。</translation>
        </message>
        <message>
            <source>{path} is not a GGUF model file: it does not begin with the letters GGUF. Choose a file that ends in .gguf, or download the model again.</source>
            <translation>{path} 不是 GGUF 模型文件：它不以字母 GGUF 开头。请选择以 .gguf 结尾的文件，或重新下载模型。</translation>
        </message>
        <message>
            <source>{path} is not what was downloaded any more: its checksum is wrong, so it was changed or its disk is failing. Download it again (what is right of it is kept), or delete it.</source>
            <translation>{path} 已经不是当初下载的内容：校验和不对，可能被改动过，或者磁盘出了问题。请重新下载（其中正确的部分会保留），或将其删除。</translation>
        </message>
        <message>
            <source>{path} is read-only, so models cannot be kept there, and its speed was not measured. Choose another disk, or mount this one so that it can be written.</source>
            <translation>{path} 是只读的，不能存放模型，因此没有测量其速度。请选择其他磁盘，或以可写方式挂载它。</translation>
        </message>
        <message>
            <source>{path} is there already and is not the file that the hub has under this name. Move it elsewhere, then try again; it was not touched.</source>
            <translation>{path} 已存在，且与模型库中的同名文件不同。请将其移到别处后重试；该文件未被改动。</translation>
        </message>
        <message>
            <source>{path} is there already. Move it elsewhere, then try again; nothing was overwritten.</source>
            <translation>{path} 已经存在。请先把它移到别处再试；没有覆盖任何内容。</translation>
        </message>
        <message>
            <source>{path} reads at {after} now, {before} at the last check.</source>
            <translation>{path} 的读取速度现在为 {after}，上次检测时为 {before}。</translation>
        </message>
        <message>
            <source>{path} was a disk at the last check and is not there now.</source>
            <translation>上次检测时有磁盘 {path}，现在没有了。</translation>
        </message>
        <message>
            <source>{path} was left out, because it is a link that leads out of the folder. Open the file that it leads to instead.</source>
            <translation>已略过 {path}，因为它是指向文件夹之外的链接。请直接打开它指向的文件。</translation>
        </message>
        <message>
            <source>{path} was left out, because only {there} of its {count} parts are there. Complete it in the program that keeps it.</source>
            <translation>已略过 {path}，因为 {count} 个分片中只有 {there} 个。请在保管它的程序中补全。</translation>
        </message>
        <message>
            <source>{path} was left out: {reason}. Have Ollama pull that model again.</source>
            <translation>已略过 {path}：{reason}。请让 Ollama 重新拉取该模型。</translation>
        </message>
        <message>
            <source>{path} was read with a wrong checksum, so it was not moved. Verify it, and download it again if it is damaged.</source>
            <translation>读取 {path} 时校验和不对，因此没有移动。请验证它，如已损坏请重新下载。</translation>
        </message>
        <message>
            <source>{path} was written and read back with a wrong checksum, so that disk cannot be trusted. The model stays where it was.</source>
            <translation>{path} 写入后读回的校验和不对，那块磁盘不可靠。模型留在原处。</translation>
        </message>
        <message>
            <source>{quantization} is a quantization of ik_llama.cpp, which the engine of this plan cannot load. Choose another one, or name that engine.</source>
            <translation>{quantization} 是 ik_llama.cpp 的量化类型，本方案所用的引擎无法加载。请选择其他量化，或在描述中填写该引擎。</translation>
        </message>
        <message>
            <source>{repository} does not hold all parts of {name}, so the model would not load. Choose another quantization or repository.</source>
            <translation>{repository} 没有 {name} 的全部分片，模型将无法加载。请选择其他量化或仓库。</translation>
        </message>
        <message>
            <source>{repository} has more than one model of that quantization. Add the name of one of these files after a colon: {choices}.</source>
            <translation>{repository} 有多个该量化的模型。请在冒号后加上以下文件名之一：{choices}。</translation>
        </message>
        <message>
            <source>{repository} has no GGUF files, which are what Deskside runs. Look for a repository of the same model whose name ends in GGUF.</source>
            <translation>{repository} 没有 Deskside 所需的 GGUF 文件。请查找同一模型中名称以 GGUF 结尾的仓库。</translation>
        </message>
        <message>
            <source>{repository} has no quantization {wanted}. It has: {choices}.</source>
            <translation>{repository} 没有量化 {wanted}。现有：{choices}。</translation>
        </message>
        <message>
            <source>{repository} has several quantizations{wanted} and none of them is Q4_K_M, the usual choice. Add one of these after a colon: {choices}.</source>
            <translation>{repository} 有多种量化{wanted}，但没有常用的 Q4_K_M。请在冒号后加上以下之一：{choices}。</translation>
        </message>
        <message>
            <source>{smaller} ({size}) is on this machine and would fit in the memory that is free now: choose it in place of {model}.</source>
            <translation>本机已有的 {smaller}（{size}）可以放进当前的空闲内存：可以用它代替 {model}。</translation>
        </message>
        <message>
            <source>{streamed} of {model} do not fit in memory and are read from the disk again and again, because {free} are free and {needed} were planned. Answers are slow: close other programs, or choose a smaller model.</source>
            <translation>{model} 有 {streamed} 放不进内存，只能反复从磁盘读取，因为当前空闲 {free}，而计划需要 {needed}。回答会很慢：请关闭其他程序，或选择更小的模型。</translation>
        </message>
        <message>
            <source>{taken} chats were taken in, {known} were there already, and {refused} entries of the file are no chats.</source>
            <translation>已导入 {taken} 个对话，{known} 个原本就有，文件中另有 {refused} 个条目不是对话。</translation>
        </message>
        <message>
            <source>{text} does not name a model on the hub. Write OWNER/NAME, or OWNER/NAME:QUANTIZATION, for example unsloth/Qwen3-4B-GGUF:Q4_K_M.</source>
            <translation>{text} 不是模型库中的模型名。请写成 所有者/名称 或 所有者/名称:量化，例如 unsloth/Qwen3-4B-GGUF:Q4_K_M。</translation>
        </message>
        <message>
            <source>{text} is no change that can be planned. Write memory=128 (GiB in all), channels=2, card=RTX 3090 or card=2xRTX 3090, processor=Ryzen 9 9950X, or disk=7 (GB/s), each with @ and its price in CNY if you know it.</source>
            <translation>无法规划 {text}。请写成 memory=128（总共多少 GiB）、channels=2、card=RTX 3090 或 card=2xRTX 3090、processor=Ryzen 9 9950X，或 disk=7（GB/s）；知道价格时可在后面加 @ 和人民币价格。</translation>
        </message>
        <message>
            <source>{text} is not of the form KEY=VALUE, so nothing was corrected. An example: memory.total=64GiB.</source>
            <translation>{text} 不是 KEY=VALUE 的形式，因此没有作任何更正。例如：memory.total=64GiB。</translation>
        </message>
        <message>
            <source>{text} is not the name of a host. Give --allow-host a name or an address, without http:// in front.</source>
            <translation>{text} 不是主机名。请给 --allow-host 一个名称或地址，前面不要加 http://。</translation>
        </message>
        <message>
            <source>{text} is not the origin of a web page. Give --allow-origin one such as https://chat.example; * is not taken, because every page could then use your models.</source>
            <translation>{text} 不是网页的来源。请给 --allow-origin 一个来源，例如 https://chat.example；不接受 *，否则任何网页都能使用您的模型。</translation>
        </message>
        <message>
            <source>{then} channels cannot be planned where {now} hold modules now. Say how many it would be altogether, up to 64.</source>
            <translation>现在有 {now} 个通道插了内存条，无法规划为 {then} 个。请填写总共要用几个通道，最多 64 个。</translation>
        </message>
        <message>
            <source>{total} of main memory in all are no purchase: this machine has {have}, and {most} is the most that is planned for. Say how much it would be altogether.</source>
            <translation>内存共 {total} 算不上添置：这台机器已有 {have}，最多可规划到 {most}。请填写添置后的总量。</translation>
        </message>
    </context>
</TS>
